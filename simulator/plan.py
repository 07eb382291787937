"""Which devices are observed, where they stand, and at which gateway: the site plan of a selection.

Devices are chosen in one fixed weighted order over the selected kinds, so that the first N are a prefix
of the first N + 1. The choice decides what is observed, never what happens.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from park.catalogue import DeviceKind, Sector
from park.model import DAY_MS, Ints
from park.town import Town
from sectors import KINDS, SECTOR_OF, SECTORS
from simulator.errors import SelectionError
from simulator.faults.rules import Rules

#: Of what is asked for: what goes beyond is a slip, and would not fit where numbers have 64 bits.
_MOST_DEVICES, _MOST_FIRST, _MOST_SEED, _MOST_INTERVAL_MS = 10_000_000, 10**11, 2**63 - 1, 366 * DAY_MS
_MOST_SHARDS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a command was asked to observe.

    Attributes:
        devices: how many, over all selected kinds.
        first_device: how many to leave out at the beginning of the order.
        sectors, kinds: names; empty selects all.
        interval_ms: overrides every kind's own interval.
        events: whether the devices tell events, beside their readings.
        faults: what goes wrong with their sensors; None for clean readings.
        labels: whether the truth about the faults is told, too.
    """

    town: Town
    seed: int
    devices: int
    first_device: int = 0
    sectors: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    interval_ms: int | None = None
    events: bool = False
    faults: Rules | None = None
    labels: bool = False

    def __post_init__(self) -> None:
        for option, names, known in (("--sector", self.sectors, SECTORS), ("--kind", self.kinds, KINDS)):
            if unknown := [name for name in names if name not in known]:
                raise SelectionError(f"{option} {unknown[0]}: not known; choose from {', '.join(known)}")
        for option, number, least, most in (
            ("--devices", self.devices, 1, _MOST_DEVICES),
            ("--first-device", self.first_device, 0, _MOST_FIRST),
            ("--seed", self.seed, 0, _MOST_SEED),
        ):
            if not least <= number <= most:
                raise SelectionError(f"{option} {number}: must be from {least} to {most:,}")
        if self.interval_ms is not None and not 1 <= self.interval_ms <= _MOST_INTERVAL_MS:
            raise SelectionError("--interval: must be from one millisecond to a year")
        if not self.selected_kinds():
            raise SelectionError("--kind: none of the kinds named is in the sectors named by --sector")

    def selected_kinds(self) -> tuple[DeviceKind, ...]:
        """The kinds to observe, in the catalogue's order."""
        return tuple(
            kind
            for kind in KINDS.values()
            if (not self.kinds or kind.name in self.kinds)
            and (not self.sectors or SECTOR_OF[kind.name].name in self.sectors)
        )

    def interval_of(self, kind: DeviceKind) -> int:
        """Milliseconds between two readings of a device of the kind."""
        return self.interval_ms or self.town.interval_ms(kind)


@dataclass(frozen=True, kw_only=True)
class Shards:
    """How the cells of each site are dealt to gateways, in turn, and which of these gateways run here.

    Numbered over the whole town: a cell's shard follows from the cell and `total` alone. Hosts that agree on `total`
    and divide the numbers among them share neither a cell nor a client id.

    Attributes:
        total: how many each site has in all, over all hosts.
        here: the first and the last that run here; None for all.
    """

    total: int = 1
    here: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.total <= _MOST_SHARDS:
            raise SelectionError(f"--shards {self.total}: must be at least 1, and at most {_MOST_SHARDS:,}")
        if self.here is not None and not 0 <= self.here[0] <= self.here[1] < self.total:
            raise SelectionError(
                f"--shard {self.here[0]}..{self.here[1]}: of --shards {self.total}, choose from 0..{self.total - 1}"
            )

    @property
    def numbers(self) -> range:
        """Those that run here."""
        first, last = self.here or (0, self.total - 1)
        return range(first, last + 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Group:
    """The observed devices of one kind.

    Attributes:
        device: (D,) numbers in the kind, ascending, from 0.
    """

    kind: DeviceKind
    sector: Sector
    device: Ints

    @property
    def cell(self) -> Ints:
        """(D,) the cell in which each device stands."""
        return self.device // self.kind.per_cell


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """Every observed device, by kind."""

    selection: Selection
    groups: tuple[Group, ...]

    def __len__(self) -> int:
        return sum(len(group.device) for group in self.groups)

    def site_rows(self, group: Group) -> Ints:
        """(D,) index into the sites of the group's sector."""
        return group.cell % len(self.sites(group.sector))

    def sites(self, sector: Sector) -> tuple[str, ...]:
        """Names of the sector's sites, over which its cells are dealt in turn."""
        return tuple(site.name for site in self.selection.town.sites_of(sector))

    def gateways(self, shards: Shards) -> list["GatewayPlan"]:
        """The plan cut by site and shard, those that run here; a gateway without devices is left out."""
        found: dict[tuple[str, int], list[Group]] = {}
        for group in self.groups:
            names = self.sites(group.sector)
            site, shard = self.site_rows(group), group.cell // len(names) % shards.total
            for row, name in enumerate(names):
                for number in np.unique(shard[site == row]).tolist():
                    if number in shards.numbers:
                        mine = (site == row) & (shard == number)
                        found.setdefault((name, number), []).append(replace(group, device=group.device[mine]))
        return [
            GatewayPlan(site=site, shard=shard, plan=replace(self, groups=tuple(groups)))
            for (site, shard), groups in sorted(found.items())
        ]


@dataclass(frozen=True, kw_only=True, eq=False)
class GatewayPlan:
    """What one gateway carries."""

    site: str
    shard: int
    plan: Plan

    @property
    def client_id(self) -> str:
        """The gateway's MQTT client id."""
        return f"gw-{self.site}-{self.shard}"


def make_plan(selection: Selection) -> Plan:
    """The devices of a selection."""
    kinds = selection.selected_kinds()
    weights = {kind.name: selection.town.weight(kind) for kind in kinds}
    first = _counts(weights, selection.first_device)
    last = _counts(weights, selection.first_device + selection.devices)
    groups = tuple(
        Group(kind=kind, sector=SECTOR_OF[kind.name], device=np.arange(first[kind.name], last[kind.name]))
        for kind in kinds
        if last[kind.name] > first[kind.name]
    )
    return Plan(selection=selection, groups=groups)


def _counts(weights: Mapping[str, float], devices: int) -> dict[str, int]:
    """How many of each kind are among the first `devices`: device j of a kind stands at (j + 1/2) / weight."""
    total = sum(weights.values())
    names: Sequence[str] = list(weights)
    # Surely among them: a few fewer than the fair share. The last few are taken one by one.
    counts = {name: max(0, int(devices * weights[name] / total) - len(names)) for name in names}
    queue = [((counts[name] + 0.5) / weights[name], row) for row, name in enumerate(names)]
    heapq.heapify(queue)
    for _ in range(devices - sum(counts.values())):
        name = names[queue[0][1]]
        counts[name] += 1
        heapq.heapreplace(queue, ((counts[name] + 0.5) / weights[name], queue[0][1]))
    return counts


def device_names(kind: DeviceKind, numbers: Iterable[int]) -> list[str]:
    """Names of devices by their numbers from 0."""
    return [kind.device(number + 1) for number in numbers]
