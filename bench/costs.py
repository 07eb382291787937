"""What each sector costs: a row and a value of line protocol, a day that is carried, the first day, a device's memory.

Rows are made by `park generate` in a process of its own, once over a short and once over a long window: the difference
is what rows cost without the start. Days are those of the default town.
"""

import datetime as dt
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench._measure import PARK, Usage, median, run
from park.model import GRID_S, Moments
from park.town import default_town
from sectors import SECTORS
from simulator.plan import Group, Plan, Selection, make_plan
from simulator.state import TownState

#: The first morning: no day has to be carried.
START = dt.datetime(2026, 1, 1, 4, tzinfo=dt.UTC)
_CARRIED = 320
_FIRST_DAYS = 9
_MANY = 2000
#: What stands in a row of line protocol besides channels: three tags and `seq`, each with its "=".
_BESIDE = 4


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of line protocol, or of JSON: how many, their channels in all, and what they cost."""

    rows: int
    values: int
    usage: Usage


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one sector costs.

    Attributes:
        values_a_row: channels, the mean over its kinds as they are mixed.
        row_us: of line protocol, CPU, without the start.
        carried_ms: a day that the default town's cells are carried through.
        first_ms: the day in which readings begin, until every kind has been read once.
        device_bytes: what the models hold of a day in use, a device.
    """

    values_a_row: float
    row_us: float
    carried_ms: float
    first_ms: float
    device_bytes: float

    @property
    def value_us(self) -> float:
        """CPU of a value of line protocol."""
        return self.row_us / self.values_a_row


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


def row_cost(devices: int, hours: float, *options: str, rounds: int, format_: str = "line") -> tuple[float, float]:
    """CPU microseconds a row without the start, and values a row.

    Of each window the cheapest round counts: what else runs on the machine only ever adds.
    """
    asked = ("--devices", str(devices), *options)
    few, many = (
        min((generate(span, *asked, format_=format_) for _ in range(rounds)), key=lambda found: found.usage.cpu_s)
        for span in (hours / 6, hours)
    )
    rows = many.rows - few.rows
    return (many.usage.cpu_s - few.usage.cpu_s) / rows * 1e6, (many.values - few.values) / rows


def cost(sector: str, devices: int, hours: float, rounds: int) -> Cost:
    """What a sector costs."""
    town = default_town(SECTORS)
    whole = make_plan(Selection(town=town, seed=town.settings.seed, devices=town.devices))
    plan = Plan(selection=whole.selection, groups=tuple(one for one in whole.groups if one.sector.name == sector))
    many = make_plan(Selection(town=town, seed=town.settings.seed, devices=_MANY, sectors=(sector,)))
    row_us, values = row_cost(devices, hours, "--sector", sector, rounds=rounds)
    return Cost(
        row_us=row_us,
        values_a_row=values,
        carried_ms=min(_carried_ms(plan) for _ in range(rounds)),
        first_ms=min(_first_ms(plan) for _ in range(rounds)),
        device_bytes=_device_bytes(many),
    )


def _carried_ms(plan: Plan) -> float:
    """CPU of a day that the plan's cells are carried through, without the weather that all sectors share."""
    fresh, (group, *_) = TownState([plan]), plan.groups
    weather = _cpu_ms(lambda: [fresh.world.days(first, first + 32) for first in range(0, _CARRIED, 32)])
    state = TownState([plan])
    state.observe(group, 0, _noon(state, group, 0))  # what is made once is made
    at = _noon(state, group, _CARRIED)
    whole = _cpu_ms(lambda: state.observe(group, _CARRIED, at))
    again = _cpu_ms(lambda: state.observe(group, _CARRIED + 1, _noon(state, group, _CARRIED + 1)))
    return (whole - weather - again) / _CARRIED


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
