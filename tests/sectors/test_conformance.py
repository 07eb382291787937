"""What every sector's model keeps, found by looking: a new sector is held to it without a line here."""

import sys
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from park.catalogue import Behaviour, DeviceKind
from park.columns import Columns
from park.model import GRID_S, Moments, Strides
from park.town import default_town
from sectors import KINDS, SECTOR_OF, SECTORS
from simulator.fleet import Fleet
from simulator.plan import Group, Plan, Selection, make_plan
from simulator.state import TownState
from simulator.streams import CounterStreams
from simulator.world import Places
from tests.reference.walk import walk, world_of

#: 2026-01-12T02:00 local time: the town's day ends two hours later, and few days have to be carried.
START = 1_768_154_400_000
HOUR = 3_600_000
MODELS = {name: import_module(f"sectors.{name.replace('-', '_')}.model").MODEL for name in SECTORS}
STRIDING = [name for name, model in MODELS.items() if hasattr(model, "stride")]
BY_KIND = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def fleet(kind: DeviceKind, devices: int = 24, **changes: Any) -> Fleet:
    selection = Selection(town=default_town(SECTORS), seed=11, devices=devices, kinds=(kind.name,), **changes)
    return Fleet(make_plan(selection))


def observed(kind: DeviceKind, rows: Any = slice(None)) -> dict[str, Any]:
    """An hour of 24 devices, asked for in the order of `rows`."""
    selection = Selection(town=default_town(SECTORS), seed=11, devices=24, kinds=(kind.name,))
    plan = make_plan(selection)
    state, made = TownState([plan]), Fleet(plan)
    (columns,) = made.columns(START, START + HOUR)
    day = made.day_of(START)
    device, ts = columns.device[rows], columns.ts[rows]
    cell = device // kind.per_cell
    moments = Moments(
        row=np.searchsorted(np.unique(columns.device // kind.per_cell), cell),
        unit=device % kind.per_cell,
        device=device,
        ts=ts,
        x=(ts - state.world.day_start_ms(day)) / (GRID_S * 1000.0),
    )
    return dict(state.observe(plan.groups[0], day, moments))


@BY_KIND
def test_a_model_observes_just_the_channels_of_the_catalogue(kind: DeviceKind) -> None:
    assert observed(kind).keys() == kind.channel.keys()


@BY_KIND
def test_the_order_of_the_question_does_not_change_the_answer(kind: DeviceKind) -> None:
    straight = observed(kind)
    count = len(next(iter(straight.values())))
    order = np.random.default_rng(3).permutation(count)[: count // 2]
    shuffled = observed(kind, order)
    for name, values in straight.items():
        assert np.array_equal(values[order], shuffled[name], equal_nan=values.dtype.kind == "f"), name


@BY_KIND
def test_neighbours_do_not_change_a_device(kind: DeviceKind) -> None:
    (few,) = fleet(kind, 7, first_device=3).columns(START, START + 6 * HOUR)
    (many,) = fleet(kind, 60).columns(START, START + 6 * HOUR)
    same = many.take(np.isin(many.device, few.device))
    assert np.array_equal(same.ts, few.ts)
    for name in few.values:
        assert np.array_equal(same.values[name], few.values[name]), name


@BY_KIND
def test_coming_from_another_day_does_not_change_a_day(kind: DeviceKind) -> None:
    travelled = fleet(kind)
    travelled.columns(START + 9 * 24 * HOUR, START + 9 * 24 * HOUR + HOUR)
    travelled.columns(START - 8 * 24 * HOUR, START - 8 * 24 * HOUR + HOUR)
    (back,) = travelled.columns(START, START + HOUR)
    (straight,) = fleet(kind).columns(START, START + HOUR)
    for name in straight.values:
        assert np.array_equal(back.values[name], straight.values[name]), name


@BY_KIND
def test_registers_never_fall_not_even_when_the_day_changes(kind: DeviceKind) -> None:
    (columns,) = fleet(kind).columns(START, START + 30 * HOUR)
    for channel in kind.channels:
        if channel.behaviour is Behaviour.REGISTER:
            for device in np.unique(columns.device):
                series = columns.values[channel.name][columns.device == device]
                assert (np.diff(series) >= 0).all(), f"{kind.device(int(device) + 1)} {channel.name}"


@pytest.mark.parametrize("cells", [1, 5, 70])
@pytest.mark.parametrize("sector", STRIDING)
def test_striding_over_days_is_advancing_through_each(sector: str, cells: int) -> None:
    steps = list(walk(sector, 11, 21, cells, first=36))
    model = steps[0].model
    assert isinstance(model, Strides)
    strode = model.stride(steps[0].cells, steps[0].before, world_of(11).days(36, 57))
    for name, values in steps[-1].after.items():
        assert np.asarray(strode[name]).tobytes() == np.asarray(values).tobytes(), name


def copied(kind: DeviceKind, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What devices measure at noon, in their sector and in one that is its copy but for the name."""
    sector = SECTOR_OF[kind.name]
    copy = replace(sector, name="copied")
    monkeypatch.setitem(sys.modules, "sectors.copied.model", sys.modules[MODELS[sector.name].__module__])
    town = default_town(SECTORS)
    shared = [
        site.model_copy(update={"sectors": (*site.sectors, copy.name)}) if sector.name in site.sectors else site
        for site in town.sites
    ]
    unlisted = town.unlisted | {copy.name} if sector.name in town.unlisted else town.unlisted
    town, seen = replace(town, sites=tuple(shared), unlisted=unlisted), []
    for one in (sector, copy):
        group = Group(kind=kind, sector=one, device=np.arange(4 * kind.per_cell))
        state = TownState([Plan(selection=Selection(town=town, seed=11, devices=1), groups=(group,))])
        ts = np.full(len(group.device), state.world.day_start_ms(5) + 8 * HOUR)
        x = (ts - state.world.day_start_ms(5)) / (GRID_S * 1000.0)
        at = Moments(row=group.cell, unit=group.device % kind.per_cell, device=group.device, ts=ts, x=x)
        seen.append(dict(state.observe(group, 5, at)))
    return seen


@BY_KIND
def test_a_copied_sector_measures_something_else(kind: DeviceKind, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = copied(kind, monkeypatch)
    assert not np.all([own[name] == other[name] for name in own], axis=0).any()
    # Were its streams not bound to its name, nor its land its own, it would stand in the same buildings.
    monkeypatch.setattr("simulator.state.CounterStreams", lambda seed, _owner="": CounterStreams(seed))
    here = SECTOR_OF[kind.name]
    monkeypatch.setattr("simulator.state.Places", lambda town, _sector, streams: Places(town, here, streams))
    own, other = copied(kind, monkeypatch)
    alike = own.keys() - {"latitude", "longitude"}
    assert all(np.array_equal(own[name], other[name], equal_nan=own[name].dtype.kind == "f") for name in alike)


@BY_KIND
def test_something_moves(kind: DeviceKind) -> None:
    (columns,) = fleet(kind).columns(START, START + 24 * HOUR)
    assert any(changes(columns, name) for name in columns.values)


def changes(columns: Columns, name: str) -> bool:
    """Whether any device's values differ from moment to moment: a single charger may stand idle for a day."""
    values = columns.values[name]
    return any(np.ptp(values[columns.device == device]) for device in np.unique(columns.device))
