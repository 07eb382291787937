"""What each sector costs: a row and a value of line protocol, a day that is carried, the first day, a device's memory.

Rows are made by `park generate` in a process of its own, over a short and a long window in turn: the difference is what
rows cost without the start. What else runs on the machine slows both, so the median of the rounds counts: the least is
of a round whose short window was disturbed. Each sector is read once a minute: at intervals of its own a slow one has
too few rows to be told from the start. Days are those of the default town.
"""

import datetime as dt
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np

from bench._measure import PARK, Usage, median, run
from park.model import GRID_S, Moments, WorldDay
from park.town import default_town
from sectors import SECTORS
from simulator.plan import Group, Plan, Selection, make_plan
from simulator.state import TownState

#: The first morning: no day has to be carried.
START = dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC)
_CARRIED = 320
_FIRST_DAYS = 9
_MANY = 2000
_INTERVAL = "60s"
#: What stands in a row of line protocol besides channels: three tags and `seq`, each with its "=".
_BESIDE = 4


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of line protocol, or of JSON: how many, their channels in all, and what they cost."""

    rows: int
    values: int
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class RowCost:
    """What a row costs, without the start.

    Attributes:
        us: CPU microseconds, the median of the rounds.
        least_us, most_us: of the rounds.
        values: channels in it, the mean over kinds as they are mixed.
    """

    us: float
    least_us: float
    most_us: float
    values: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one sector costs.

    Attributes:
        row: of line protocol.
        carried_ms: a day that the default town's cells are carried through.
        first_ms: the day in which readings begin, until every kind has been read once.
        device_bytes: what the models hold of a day in use, a device.
    """

    row: RowCost
    carried_ms: float
    first_ms: float
    device_bytes: float

    @property
    def value_us(self) -> float:
        """CPU of a value of line protocol."""
        return self.row.us / self.row.values


def generate(hours: float, *options: str, format_: str = "line") -> Rows:
    """`park generate` from the first morning on."""
    until = START + dt.timedelta(hours=hours)
    asked = ("--start", START.isoformat(), "--until", until.isoformat(), "--no-events", *options)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "rows"
        usage = run([*PARK, "generate", "--format", format_, "--output", str(out), *asked])
        rows = signs = 0
        with out.open("rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                rows += chunk.count(b"\n")
                signs += chunk.count(b"=")
    return Rows(rows=rows, values=signs - _BESIDE * rows, usage=usage)


def row_cost(devices: int, hours: float, *options: str, rounds: int, format_: str = "line") -> RowCost:
    """What a row costs over `hours`, each round against a sixth of them."""
    asked = ("--devices", str(devices), *options)
    each = []
    for _ in range(rounds):
        few, many = (generate(span, *asked, format_=format_) for span in (hours / 6, hours))
        rows = many.rows - few.rows
        each.append((many.usage.cpu_s - few.usage.cpu_s) / rows * 1e6)
    return RowCost(us=median(each), least_us=min(each), most_us=max(each), values=(many.values - few.values) / rows)


def cost(sector: str, devices: int, hours: float, rounds: int) -> Cost:
    """What a sector costs."""
    town = default_town(SECTORS)
    whole = make_plan(Selection(town=town, seed=town.settings.seed, devices=town.devices))
    plan = Plan(selection=whole.selection, groups=tuple(one for one in whole.groups if one.sector.name == sector))
    many = make_plan(Selection(town=town, seed=town.settings.seed, devices=_MANY, sectors=(sector,)))
    return Cost(
        row=row_cost(devices, hours, "--sector", sector, "--interval", _INTERVAL, rounds=rounds),
        carried_ms=min(_carried_ms(plan) for _ in range(rounds)),
        first_ms=min(_first_ms(plan) for _ in range(rounds)),
        device_bytes=_device_bytes(many),
    )


def _carried_ms(plan: Plan) -> float:
    """CPU of a day that the plan's cells are carried through, without the weather that all sectors share."""
    state, (group, *_) = TownState([plan]), plan.groups
    state.observe(group, 0, _noon(state, group, 0))  # what is made once is made
    at, shared = _noon(state, group, _CARRIED), [0.0]
    make = state.world.days

    def timed(first: int, stop: int) -> Sequence[WorldDay]:
        began = time.process_time()
        try:
            return make(first, stop)
        finally:
            shared[0] += (time.process_time() - began) * 1000

    with patch.object(state.world, "days", timed):
        whole = _cpu_ms(lambda: state.observe(group, _CARRIED, at)) - shared[0]
    again = _cpu_ms(lambda: state.observe(group, _CARRIED + 1, _noon(state, group, _CARRIED + 1)))
    return (whole - again) / _CARRIED


def _cpu_ms(what: Callable[[], object]) -> float:
    began = time.process_time()
    what()
    return (time.process_time() - began) * 1000


def _first_ms(plan: Plan) -> float:
    """CPU of unfolding a day until every kind has been read once."""
    state = TownState([plan])
    spent = []
    for day in range(_FIRST_DAYS):
        state.world.day(day)
        at = [_noon(state, group, day) for group in plan.groups]
        began = time.process_time()
        for group, moments in zip(plan.groups, at, strict=True):
            state.observe(group, day, moments)
        spent.append((time.process_time() - began) * 1000)
    return median(spent[1:])


def _noon(state: TownState, group: Group, day: int) -> Moments:
    ts = np.full(len(group.device), state.world.day_start_ms(day) + 8 * 3_600_000)
    x = np.full(len(group.device), 8 * 3600 / GRID_S)
    return Moments(row=state.rows(group), unit=group.device % group.kind.per_cell, device=group.device, ts=ts, x=x)


def _device_bytes(plan: Plan) -> float:
    """What the models hold of a day in use, a device."""
    tracemalloc.start()
    try:
        state = TownState([plan])
        for group in plan.groups:
            state.observe(group, 0, _noon(state, group, 0))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return held / sum(len(group.device) for group in plan.groups)
