"""How well a detector found the faults that labels tell of: by event, and by range of time.

Range-based precision and recall are those of Tatbul et al. (2018), Precision and recall for time series, NeurIPS, with
their flat bias, a cardinality of one and no reward for existence alone: the mean, over the ranges that were detected,
of the share that was true, and over the true ones of the share that was detected.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles

#: [start, end) in Unix milliseconds.
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What scoring needs of a label.

    Attributes:
        channel: None where the whole device is befallen.
        seen_ms: from when on it can be detected.
    """

    device: str
    channel: str | None
    fault: str
    span: Span
    seen_ms: int
    severity: float | None


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What a detector says: something is wrong with a device, or with one channel of it."""

    device: str
    channel: str | None
    span: Span

    def means(self, truth: Truth) -> bool:
        """Whether it is about the same device, and about the same channel if it names one."""
        return self.device == truth.device and self.channel in (None, truth.channel)


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Of the labels of one class, of one severity, or of all.

    Attributes:
        labels, found: how many there are, and how many a detection met between their first observable moment and
            their end.
        recall: found among labels; None without labels.
        delay_s: from the first observable moment to the first detection, at the median and for 95 % of those found.
    """

    labels: int
    found: int
    recall: float | None
    delay_s: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Score:
    """How well a detector did.

    Attributes:
        detections, false: how many there are once those that touch are one, and how many met no fault.
        false_a_day: false ones per device and day.
        precision, f1: of events; None without detections.
        range_precision, range_recall, range_f1: by time.
        by_fault, by_severity: the same by the label's class, and by its severity in local sigma.
    """

    overall: Quality
    detections: int
    false: int
    false_a_day: float
    precision: float | None
    f1: float | None
    range_precision: float
    range_recall: float
    range_f1: float
    by_fault: Mapping[str, Quality]
    by_severity: Mapping[str, Quality]


def score(truths: Sequence[Truth], detections: Iterable[Detection], *, device_days: float) -> Score:
    """Holds detections against the truth.

    Args:
        truths: the labels that a reading shows.
        detections: what is said to be wrong, in any order.
        device_days: how many devices were looked at, times how many days.
    """
    told = _united(detections)
    of_device: dict[str, list[Truth]] = defaultdict(list)
    for truth in truths:
        of_device[truth.device].append(truth)
    said: dict[str, list[Detection]] = defaultdict(list)
    for detection in told:
        said[detection.device].append(detection)
    delays = [_delay_s(truth, said[truth.device]) for truth in truths]
    false = sum(
        not any(
            detection.means(truth) and _overlap(detection.span, truth.span) for truth in of_device[detection.device]
        )
        for detection in told
    )
    overall = _quality(delays)
    precision = 1 - false / len(told) if told else None
    by_time = _by_time(truths, told, of_device, said)
    return Score(
        overall=overall,
        detections=len(told),
        false=false,
        false_a_day=false / device_days,
        precision=precision,
        f1=None if precision is None or overall.recall is None else _harmonic(precision, overall.recall),
        range_precision=by_time[0],
        range_recall=by_time[1],
        range_f1=_harmonic(*by_time),
        by_fault=_split(truths, delays, lambda truth: truth.fault),
        by_severity=_split(truths, delays, lambda truth: _grade(truth.severity)),
    )


def _by_time(
    truths: Sequence[Truth],
    told: Sequence[Detection],
    of_device: Mapping[str, list[Truth]],
    said: Mapping[str, list[Detection]],
) -> tuple[float, float]:
    """Range-based precision and recall."""
    right = [
        _share(one.span, [truth.span for truth in of_device.get(one.device, ()) if one.means(truth)]) for one in told
    ]
    found = [_share(one.span, [said_.span for said_ in said.get(one.device, ()) if said_.means(one)]) for one in truths]
    return fmean(right) if right else 0.0, fmean(found) if found else 0.0


def _share(span: Span, others: Iterable[Span]) -> float:
    """The share of a span that others cover."""
    covered = sum(_overlap(span, other) for other in _merged(others))
    return covered / (span[1] - span[0])


def _overlap(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that do not touch, ascending."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _united(detections: Iterable[Detection]) -> list[Detection]:
    """Detections of one device and channel that touch are one."""
    spans: dict[tuple[str, str | None], list[Span]] = defaultdict(list)
    for one in detections:
        spans[one.device, one.channel].append(one.span)
    return [
        Detection(device=device, channel=channel, span=span)
        for (device, channel), some in spans.items()
        for span in _merged(some)
    ]


def _delay_s(truth: Truth, said: Iterable[Detection]) -> float | None:
    """How long it took until a label was detected; None if it was not."""
    seen: Span = (truth.seen_ms, truth.span[1])
    starts = [one.span[0] for one in said if one.means(truth) and _overlap(one.span, seen)]
    return max(0, min(starts) - truth.seen_ms) / 1000 if starts else None


def _quality(delays: Sequence[float | None]) -> Quality:
    found = [delay for delay in delays if delay is not None]
    return Quality(
        labels=len(delays),
        found=len(found),
        recall=len(found) / len(delays) if delays else None,
        delay_s=(median(found), quantiles([*found, *found], n=20)[-1]) if found else None,
    )


def _split(truths: Sequence[Truth], delays: Sequence[float | None], key: Callable[[Truth], str]) -> dict[str, Quality]:
    parts: dict[str, list[float | None]] = defaultdict(list)
    for truth, delay in zip(truths, delays, strict=True):
        parts[key(truth)].append(delay)
    return {name: _quality(parts[name]) for name in sorted(parts)}


def _grade(severity: float | None) -> str:
    if severity is None:
        return "none"
    return "below 2" if severity < 2 else "2 to 5" if severity < 5 else "from 5"


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
