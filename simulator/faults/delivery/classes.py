"""What a delivery fault of each class does to the readings that it befalls.

The classes are what deployments report of themselves: Keller, Thiele & Beutel (2011), Reconstruction of the correct
temporal order of sensor network data, IPSN '11 (loss, duplicates, clock drift, restarts); Yasmin, Mikhaylov & Pouttu
(2020), LoRaWAN for smart campus, Sensors 20(23) (loss on the air and in the backbone, which is silent for a while).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from park.model import DAY_MS, Bools, Floats, Ints

#: A clock that is wrong is never wrong by whole intervals, so that no reading takes the place of another one.
_OFF_GRID_MS = 1


class Form(IntEnum):
    """How a payload arrives."""

    SOUND = 0
    TRUNCATED = 1
    WRONG_TYPE = 2
    NOT_A_NUMBER = 3
    OVERSIZE = 4


@dataclass(kw_only=True, eq=False)
class Fates:
    """What becomes of N readings, which the effects change.

    Attributes:
        ts: (N,) when they were taken, as the device's clock says.
        seq: (N,) their sequence number, as the device says.
        due_ms: (N,) when they are delivered.
        copied_ms: (N,) when they are delivered again; 0 if never.
        lost: (N,) whether they never are.
        form: (N,) how their payload arrives, a `Form`.
    """

    ts: Ints
    seq: Ints
    due_ms: Ints
    copied_ms: Ints
    lost: Bools
    form: Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Befallen:
    """R readings that one rule befalls.

    Attributes:
        rows: (R,) which of the `Fates`.
        taken_ms: (R,) when they were really taken.
        seq: (R,) their slot.
        start_ms, end_ms: (R,) when the fault begins and ends.
        interval_ms: between two readings of a device.
        size: (R,) of the fault, within its rule's range, in the unit of its class's key.
        each: (R,) uniform, drawn for each reading.
        span: the rule's range.
    """

    rows: Ints
    taken_ms: Ints
    seq: Ints
    start_ms: Ints
    end_ms: Ints
    interval_ms: int
    size: Floats
    each: Floats
    span: tuple[float, float]

    def between(self) -> Floats:
        """(R,) drawn for each reading within the rule's range, its logarithm even; in the unit of its class's key."""
        least, greatest = self.span
        return np.asarray(least * (greatest / least) ** self.each) if least else np.full(len(self.each), greatest)


#: Changes the fates of those that are befallen.
Effect = Callable[[Fates, Befallen], None]
#: Of a rule's range, the interval of a device and the longest that the rule lasts: at most so many milliseconds.
Most = Callable[[tuple[float, float], int, float], float]


def _nothing(_span: tuple[float, float], _interval_ms: int, _longest_ms: float) -> float:
    return 0.0


@dataclass(frozen=True, kw_only=True)
class DeliveryClass:
    """A class of delivery faults.

    Attributes:
        key: of its rules, which says how large it is; None where there is nothing to say.
        signed: whether that can be negative, and is drawn once for the whole fault.
        optional: whether a rule may leave it out.
        share: whether it befalls a share of the readings while it lasts; else it befalls all.
        hours: at most so many.
        most: of what the key says, whatever its sign.
        delay: from when a reading is taken to when it is delivered, the second time included.
        outlasts: whether readings may be delivered after the fault's end for it.
        wrong: by how much a time that is told can be wrong.
        spoils: whether payloads cannot be read for it.
    """

    name: str
    description: str
    effect: Effect
    key: str | None = None
    signed: bool = False
    optional: bool = False
    share: bool = False
    hours: float = 8 * 7 * 24
    most: float = 1440.0
    delay: Most = _nothing
    outlasts: bool = True
    wrong: Most = _nothing
    spoils: bool = False


def _lost(fates: Fates, befallen: Befallen) -> None:
    fates.lost[befallen.rows] = True


def _duplicated(fates: Fates, befallen: Befallen) -> None:
    fates.copied_ms[befallen.rows] = befallen.taken_ms + _minutes(befallen)


def _late(fates: Fates, befallen: Befallen) -> None:
    fates.due_ms[befallen.rows] = befallen.taken_ms + _minutes(befallen)


def _out_of_order(fates: Fates, befallen: Befallen) -> None:
    least, greatest = befallen.span
    places = np.floor(least + befallen.each * (greatest - least + 1)).astype(np.int64)
    fates.due_ms[befallen.rows] = befallen.taken_ms + places * befallen.interval_ms + 1


def _burst(fates: Fates, befallen: Befallen) -> None:
    fates.due_ms[befallen.rows] = befallen.end_ms


def _clock_offset(fates: Fates, befallen: Befallen) -> None:
    _tell(fates, befallen, befallen.size * 1000)


def _clock_drift(fates: Fates, befallen: Befallen) -> None:
    _tell(fates, befallen, befallen.size * 1000 * ((befallen.taken_ms - befallen.start_ms) / DAY_MS))


def _sequence_restart(fates: Fates, befallen: Befallen) -> None:
    # Whole intervals since the onset: the first reading after it is number 0.
    since = (befallen.taken_ms - befallen.start_ms) // befallen.interval_ms
    fates.seq[befallen.rows] = np.minimum(since, befallen.seq)


def _malformed(fates: Fates, befallen: Befallen) -> None:
    forms = np.array([Form.TRUNCATED, Form.WRONG_TYPE, Form.NOT_A_NUMBER])
    fates.form[befallen.rows] = forms[(befallen.each * len(forms)).astype(np.int64)]


def _oversize(fates: Fates, befallen: Befallen) -> None:
    fates.form[befallen.rows] = Form.OVERSIZE


def _minutes(befallen: Befallen) -> Ints:
    return np.asarray(np.rint(befallen.between() * 60_000).astype(np.int64))


def _by_minutes(span: tuple[float, float], _interval_ms: int, _longest_ms: float) -> float:
    return span[1] * 60_000


def _by_places(span: tuple[float, float], interval_ms: int, _longest_ms: float) -> float:
    return span[1] * interval_ms + 1


def _by_all_of_it(_span: tuple[float, float], _interval_ms: int, longest_ms: float) -> float:
    return longest_ms


def _by_seconds(span: tuple[float, float], _interval_ms: int, _longest_ms: float) -> float:
    return max(map(abs, span)) * 1000 + _OFF_GRID_MS


def _by_drift(span: tuple[float, float], interval_ms: int, longest_ms: float) -> float:
    return _by_seconds(span, interval_ms, longest_ms) * (longest_ms / DAY_MS) + _OFF_GRID_MS


def _tell(fates: Fates, befallen: Befallen, wrong_ms: Floats) -> None:
    shift = np.rint(wrong_ms).astype(np.int64)
    shift[shift % befallen.interval_ms == 0] += _OFF_GRID_MS
    fates.ts[befallen.rows] = befallen.taken_ms + shift


CLASSES = {
    one.name: one
    for one in (
        DeliveryClass(name="lost", description="never sent", effect=_lost, share=True),
        DeliveryClass(
            name="duplicated",
            description="sent twice, at once or minutes later",
            effect=_duplicated,
            key="minutes",
            optional=True,
            share=True,
            delay=_by_minutes,
        ),
        DeliveryClass(
            name="late",
            description="sent minutes later",
            effect=_late,
            key="minutes",
            share=True,
            delay=_by_minutes,
        ),
        DeliveryClass(
            name="out_of_order",
            description="overtaken by the next readings of the device",
            effect=_out_of_order,
            key="places",
            share=True,
            most=100.0,
            delay=_by_places,
        ),
        DeliveryClass(
            name="burst",
            description="silence, then everything at its end",
            effect=_burst,
            hours=24.0,
            delay=_by_all_of_it,
            outlasts=False,
        ),
        DeliveryClass(
            name="clock_offset",
            description="a clock that is wrong by so many seconds",
            effect=_clock_offset,
            key="seconds",
            signed=True,
            most=86_400.0,
            wrong=_by_seconds,
        ),
        DeliveryClass(
            name="clock_drift",
            description="a clock that gains or loses so many seconds a day, from right at the onset",
            effect=_clock_drift,
            key="seconds_per_day",
            signed=True,
            most=1500.0,
            wrong=_by_drift,
        ),
        DeliveryClass(name="sequence_restart", description="seq begins again at 0", effect=_sequence_restart),
        DeliveryClass(
            name="malformed",
            description="a payload cut in half, with a value of a wrong type, or with NaN",
            effect=_malformed,
            share=True,
            spoils=True,
        ),
        DeliveryClass(
            name="oversize",
            description="a payload of more than 64 KiB",
            effect=_oversize,
            share=True,
            spoils=True,
        ),
    )
}
"""By name, in the order of the documentation."""
