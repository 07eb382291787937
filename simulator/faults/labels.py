"""The truth about faults: what was wrong with what, from when to when, and how easily it is seen."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from park.columns import Columns
from park.model import Bools, Floats, Ints
from simulator.commands.outcomes import Outcomes
from simulator.faults.detectors import ONE_LINERS
from simulator.faults.faulty import Faulty, Trace
from simulator.faults.scale import SampledScales
from simulator.faults.schedule import Fault, FaultSchedule, Scales
from simulator.faults.usual import Learnt, Usual
from simulator.fleet import Fleet
from simulator.plan import Plan, Selection, make_plan
from simulator.state import TownState


@dataclass(frozen=True, kw_only=True)
class Label:
    """One fault, as far as the readings of a window show it.

    Attributes:
        id: the same for whoever asks, and whatever the window.
        start, end: it lasts [start, end), Unix milliseconds, also where the window is shorter.
        first_observable: the first reading of the window that differs from the clean one; None if none does.
        readings, changed: how many the device has while it lasts, and how many of these differ.
        severity: in the channel's local sigma; None where that has no meaning.
        amount: the same in `unit`, with its sign; None likewise.
        found: by one-line detectors, the share of the changed readings that each marks.
        trivial: whether one of them marks at least half.
    """

    id: str
    rule: str
    fault: str
    sector: str
    site: str
    kind: str
    device: str
    channel: str
    unit: str
    start: int
    end: int
    first_observable: int | None
    readings: int
    changed: int
    severity: float | None
    amount: float | None
    found: Mapping[str, float]
    trivial: bool

    def as_dict(self) -> dict[str, object]:
        """As it is written."""
        return asdict(self)


@dataclass(kw_only=True, eq=False)
class _Seen:
    """What is gathered of one fault over the windows."""

    fault: Fault
    ts: list[Ints] = field(default_factory=list)
    told: list[Floats] = field(default_factory=list)
    changed: list[Bools] = field(default_factory=list)

    def add(self, trace: Trace, columns: Columns) -> None:
        scale = float(trace.fault.channel.scale)
        self.ts.append(columns.ts[trace.rows])
        self.told.append(np.where(trace.is_there, trace.after / scale, np.nan))
        self.changed.append(trace.changed)


def labels(
    selection: Selection,
    window: tuple[int, int],
    *,
    outcomes: Outcomes,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Label]:
    """The faults of a selection that show, or could show, in readings of [start, until), in order of onset.

    Only the devices that have any are looked at, from two weeks before the window on, for what is usual there.

    Args:
        selection: that of the readings, its faults among it.
        window: [start, until), Unix milliseconds.
        outcomes: of the commands that the readings follow.
        on_progress: called with how many milliseconds of the window have been looked at.
    """
    start_ms, until_ms = window
    scales = SampledScales(selection)
    plan = _befallen(make_plan(selection), scales, window)
    if not plan.groups:
        on_progress(until_ms - start_ms)
        return
    state = TownState([plan], outcomes.orders)
    readings = Faulty(Fleet(plan, state, outcomes), Fleet(plan, state, outcomes), scales)
    faults = [fault for group in plan.groups for fault in readings.schedule.of(group, *window)]
    usual = Usual(faults, window, readings.clean.commissioned_ms)
    seen: dict[str, _Seen] = {}
    for first, last, asked in _windows(readings, usual, window):
        clean = readings.clean.columns(first, last)
        usual.take(clean, last)
        if asked:
            for columns, traces in readings.befallen(clean, first, last):
                for trace in traces:
                    seen.setdefault(trace.fault.id, _Seen(fault=trace.fault)).add(trace, columns)
            on_progress(last - first)
    for one in sorted(seen.values(), key=lambda one: (one.fault.start_ms, one.fault.id)):
        yield _label(plan, one, usual.of(one.fault))


def _windows(readings: Faulty, usual: Usual, window: tuple[int, int]) -> Iterator[tuple[int, int, bool]]:
    """Windows of the readings before, of and after the window that was asked for, and whether they lie in it."""
    (since_ms, last_ms), (start_ms, until_ms) = usual.span, window
    for first_ms, end_ms in ((since_ms, start_ms), (start_ms, until_ms), (until_ms, last_ms)):
        for first, last in readings.windows(first_ms, end_ms):
            yield first, last, first_ms == start_ms


def _befallen(plan: Plan, scales: Scales, window: tuple[int, int]) -> Plan:
    """The devices of a plan that have any fault in the window."""
    schedule = FaultSchedule(plan, scales)
    found = ((group, {fault.device for fault in schedule.of(group, *window)}) for group in plan.groups)
    return replace(plan, groups=tuple(replace(group, device=np.array(sorted(some))) for group, some in found if some))


def _label(plan: Plan, seen: _Seen, usual: Learnt | None) -> Label:
    fault, group, size = seen.fault, seen.fault.group, seen.fault.size
    ts, changed = np.concatenate(seen.ts), np.concatenate(seen.changed)
    found = _found(usual, np.concatenate(seen.told), changed)
    row = int(np.searchsorted(group.device, fault.device))
    return Label(
        id=fault.id,
        rule=fault.rule,
        fault=fault.class_.name,
        sector=group.sector.name,
        site=plan.sites(group.sector)[int(plan.site_rows(group)[row])],
        kind=group.kind.name,
        device=group.kind.device(fault.device + 1),
        channel=fault.channel.name,
        unit=fault.channel.unit,
        start=fault.start_ms,
        end=fault.end_ms,
        first_observable=int(ts[np.argmax(changed)]) if changed.any() else None,
        readings=len(ts),
        changed=int(changed.sum()),
        severity=None if size.severity is None else round(size.severity, 3),
        amount=round(size.amount, fault.channel.decimals + 2) if fault.class_.measured else None,
        found=found,
        trivial=max(found.values()) >= 0.5,
    )


def _found(usual: Learnt | None, told: Floats, changed: Bools) -> dict[str, float]:
    """The share of the changed readings that each one-line detector marks; what is not told is marked by all."""
    if not changed.any() or usual is None:
        return dict.fromkeys(ONE_LINERS, 0.0)
    absent = np.isnan(told)
    x = np.where(absent, usual.last, told)
    marks = {name: mark(x) | absent for name, mark in usual.marks.items()}
    return {name: round(float(marked[changed].mean()), 4) for name, marked in marks.items()}
