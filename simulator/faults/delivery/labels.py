"""The truth about delivery faults: what happened to which device's readings, from when to when."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from simulator.faults.delivery.fates import Fated, FateMaker
from simulator.faults.delivery.schedule import DeliverySchedule, Episodes
from simulator.faults.telling import Tellable, Tellables
from simulator.fleet import Fleet
from simulator.plan import Group, Plan, Selection, make_plan


@dataclass(frozen=True, kw_only=True)
class DeliveryLabel:
    """One delivery fault, as far as the readings of a window show it; fields as those of `simulator.faults.labels`.

    Attributes:
        id: the same for whoever asks, and whatever the window.
        channel: None, for all of the device is befallen.
        start, end: it lasts [start, end), Unix milliseconds, also where the window is shorter.
        first_observable: when the first reading was taken that it befell in the window; None if there is none.
        readings, changed: how many the device takes while it lasts, and how many of these it befalls.
        amount: how wrong a clock is, in `unit`; None for other classes.
    """

    id: str
    rule: str
    fault: str
    sector: str
    site: str
    kind: str
    device: str
    channel: None = None
    unit: str
    start: int
    end: int
    first_observable: int | None
    readings: int
    changed: int
    severity: None = None
    amount: float | None
    found: Mapping[str, float] = field(default_factory=dict)
    trivial: bool = False

    def as_dict(self) -> dict[str, object]:
        """As it is written."""
        return asdict(self)


def delivery_labels(selection: Selection, window: tuple[int, int]) -> Iterator[DeliveryLabel]:
    """The delivery faults of a selection that last in readings taken in [start, until), in order of onset.

    When devices report is all that is needed for that, so no reading is made.

    Args:
        selection: that of the readings, its faults among it.
        window: [start, until), Unix milliseconds.
    """
    if selection.faults is None or not selection.faults.delivery:
        return
    whole = make_plan(selection)
    fates = FateMaker(whole)
    groups = tuple(
        replace(group, device=devices)
        for group in whole.groups
        if len(devices := np.unique(fates.schedule.of(group, *window).device))
    )
    if not groups:
        return
    plan = replace(whole, groups=groups)
    fleet = Fleet(plan)
    seen = {group.kind.name: _Seen(fates.schedule.of(group, *window)) for group in groups}
    for first, last in fleet.windows(*window):
        for columns in fleet.slots(first, last):
            seen[columns.kind.name].add(fates.of(columns))
    found = [label for group in groups for label in _labels(plan, group, fates, seen[group.kind.name])]
    yield from sorted(found, key=lambda label: (label.start, label.id))


class _Seen:
    """What is gathered of F faults over the windows.

    Attributes:
        readings, changed: (F,) how many were taken while it lasts, and how many it befell.
        first: (F,) when the first of these was taken; 0 if there is none.
    """

    def __init__(self, episodes: Episodes) -> None:
        self.episodes = episodes
        self.readings, self.changed, self.first = (np.zeros(len(episodes), dtype=np.int64) for _ in range(3))

    def add(self, fated: Fated) -> None:
        """What befell some readings."""
        columns, count = fated.columns, len(self.episodes)
        lasting = self.episodes.at(columns.device, columns.ts)
        hit = np.flatnonzero(fated.episode >= 0)
        self.readings += np.bincount(lasting[lasting >= 0], minlength=count)
        self.changed += np.bincount(lasting[hit], minlength=count)
        for one, at in zip(*np.unique(lasting[hit], return_index=True), strict=True):
            self.first[one] = self.first[one] or columns.ts[hit[at]]


def _labels(plan: Plan, group: Group, fates: FateMaker, seen: _Seen) -> Iterator[DeliveryLabel]:
    shown = np.flatnonzero(seen.readings).tolist()
    return (_label(plan, group, fates, row, seen) for row in shown)


def _label(plan: Plan, group: Group, fates: FateMaker, row: int, seen: _Seen) -> DeliveryLabel:
    episodes = seen.episodes
    truth = _truth(group, fates.schedule, episodes, row)
    rule = fates.schedule.rules[truth.rule]
    at = int(np.searchsorted(group.device, truth.device))
    units = {"seconds": "s", "seconds_per_day": "s/d"}
    return DeliveryLabel(
        id=truth.id,
        rule=truth.rule,
        fault=truth.fault,
        sector=group.sector.name,
        site=plan.sites(group.sector)[int(plan.site_rows(group)[at])],
        kind=group.kind.name,
        device=group.kind.device(truth.device + 1),
        unit=units.get(rule.what.key or "", ""),
        start=truth.start_ms,
        end=truth.end_ms,
        first_observable=int(seen.first[row]) or None,
        readings=int(seen.readings[row]),
        changed=int(seen.changed[row]),
        amount=truth.amount,
    )


def of_delivery(schedule: DeliverySchedule) -> Tellables:
    """The truth about delivery faults, for labels that are published."""

    def truths(group: Group, start_ms: int, until_ms: int) -> Iterator[Tellable]:
        episodes = schedule.of(group, start_ms, until_ms)
        return (_truth(group, schedule, episodes, row) for row in range(len(episodes)))

    return truths


def _truth(group: Group, schedule: DeliverySchedule, episodes: Episodes, row: int) -> Tellable:
    name, rule = list(schedule.rules.items())[int(episodes.rule[row])]
    device = int(episodes.device[row])
    return Tellable(
        id=f"{name}-{group.kind.device(device + 1)}-{episodes.week[row]}",
        rule=name,
        fault=rule.class_,
        device=device,
        channel=None,
        start_ms=int(episodes.start_ms[row]),
        end_ms=int(episodes.end_ms[row]),
        severity=None,
        amount=round(float(episodes.size[row]), 3) if rule.what.signed else None,
    )
