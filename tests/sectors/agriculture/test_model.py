"""The farm as a whole: what its devices publish, day after day."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from park.catalogue import Behaviour, ValueType
from park.columns import quantise
from park.model import GRID_POINTS, GRID_S, NO_ORDERS, Moments, WorldDay
from sectors.agriculture.catalogue import SECTOR
from sectors.agriculture.model import MODEL
from sectors.agriculture.panels import DASHBOARD
from sectors.agriculture.soil import soil_day
from sectors.agriculture.station import TIP_MM
from tests.reference.walk import Walked, setting_of, walk, world_of

SEED, CELLS = 5, 3
KINDS = {kind.name: kind for kind in SECTOR.kinds}


def walked(first: int, days: int) -> list[Walked]:
    return list(walk("agriculture", SEED, days, CELLS, first=first))


@pytest.mark.parametrize("first", [3, 195])
@pytest.mark.parametrize("kind", KINDS)
def test_readings_keep_their_type_and_range(kind: str, first: int) -> None:
    for day in walked(first, 2):
        seen = day.observe(kind, every_s=900.0)
        assert set(seen) == set(KINDS[kind].channel)
        for name, channel in KINDS[kind].channel.items():
            values = seen[name]
            if channel.type is ValueType.BOOL:
                assert values.dtype == np.bool_
            elif channel.type is ValueType.TEXT:
                assert ((values >= 0) & (values < len(channel.texts))).all()
            else:
                assert np.isfinite(values).all(), name
                assert ((values >= channel.low) & (values <= channel.high)).all(), name
            assert quantise(channel, values)[1] is None


def test_a_probe_is_four_floats() -> None:
    assert [channel.name for channel in KINDS["soil_probe"].channels] == [
        "soil_moisture",
        "soil_temperature",
        "soil_moisture_ec",
        "battery_voltage",
    ]
    assert all(channel.type is ValueType.FLOAT for channel in KINDS["soil_probe"].channels)


def test_states_meet_at_four_in_the_morning() -> None:
    setting = setting_of("agriculture", SEED)
    days = walked(150, 30)
    for today, tomorrow in pairwise(days):
        soil, house = today.state.soil, today.state.house
        for name in ("upper", "lower", "wet", "ground", "ec", "topsoil", "subsoil"):
            ends, begins = getattr(soil, name)[:, -1], getattr(tomorrow.state.soil, name)[:, 0]
            np.testing.assert_array_equal(ends, begins, err_msg=name)
        for name in ("temperature", "relative_humidity", "co2", "vent_opening"):
            ends, begins = getattr(house, name)[:, -1], getattr(tomorrow.state.house, name)[:, 0]
            np.testing.assert_allclose(ends, begins, atol=1e-4, err_msg=name)
        assert today.state.charge[:, -1] == pytest.approx(tomorrow.state.charge[:, 0])
        path = soil_day(setting, today.cells, today.state.farm.fields, today.before, today.world)
        for name in ("depletion", "surplus", "salt"):
            np.testing.assert_array_equal(getattr(path, name)[..., -1], today.after[name])


def _joined(days: Iterable[Walked], kind: str, every_s: float = GRID_S) -> dict[str, npt.NDArray[Any]]:
    seen = [day.observe(kind, every_s=every_s) for day in days]
    return {name: np.concatenate([one[name] for one in seen], axis=-1) for name in seen[0]}


def test_registers_never_fall_and_count_what_the_gauges_show() -> None:
    days = walked(225, 40)
    valve, station = _joined(days, "irrigation_valve"), _joined(days, "weather_station")
    registers = [
        (kind.name, channel.name)
        for kind in SECTOR.kinds
        for channel in kind.channels
        if channel.behaviour is Behaviour.REGISTER
    ]
    assert registers == [("weather_station", "precipitation_total"), ("irrigation_valve", "water_total")]
    assert (np.diff(valve["water_total"]) >= -1e-9).all()
    assert (np.diff(station["precipitation_total"]) >= -1e-9).all()
    # The whole period, seams included: the meters agree with the integral of what was read meanwhile.
    metered = np.ptp(valve["water_total"], axis=-1)
    flowed = valve["water_flow"].sum(axis=-1) * GRID_S / 3600.0
    # A field whose grower waits for long may water in none of so few days.
    assert ((metered > 10.0) | (metered == 0.0)).all()
    assert (metered > 10.0).sum() >= CELLS
    np.testing.assert_allclose(metered, flowed, rtol=0.01)
    tips = station["precipitation_total"] / TIP_MM
    np.testing.assert_allclose(tips, np.rint(tips), atol=1e-6)
    caught = np.ptp(station["precipitation_total"], axis=-1)
    fell = station["precipitation"].sum(axis=-1) * GRID_S / 3600.0
    assert caught.min() > 20.0
    np.testing.assert_allclose(caught, fell, rtol=0.03)


def test_valves_shut_mean_no_flow_and_full_pressure() -> None:
    seen = _joined(walked(225, 40), "irrigation_valve", every_s=600.0)
    is_open = seen["valve_open"]
    assert 0.0 < is_open.mean() < 0.3
    assert (seen["water_flow"][~is_open] == 0.0).all()
    assert (seen["water_flow"][is_open] > 2.0).all()
    alone = is_open & ~is_open[:, ::-1]
    idle = ~is_open & ~is_open[:, ::-1]
    assert (alone == is_open).all()
    watered = np.flatnonzero(is_open.any(axis=(1, 2)))
    assert len(watered) >= 2
    for cell in watered:
        assert (
            seen["water_pressure"][cell][is_open[cell]].mean() < 0.95 * seen["water_pressure"][cell][idle[cell]].mean()
        )


def test_a_zone_that_is_watered_grows_wetter() -> None:
    days = walked(225, 40)
    rises = []
    for day in days:
        valve = day.observe("irrigation_valve", every_s=600.0)
        probe = day.observe("soil_probe", every_s=600.0)["soil_moisture"]
        before, after = probe[..., :6].mean(axis=-1), probe[..., -6:].mean(axis=-1)
        watered = np.tile(valve["valve_open"].any(axis=-1), (1, 3))
        dry = (day.observe("weather_station", every_s=600.0)["precipitation"] == 0.0).all(axis=-1)
        rises += [(after - before)[watered & dry].tolist(), (after - before)[~watered & dry].tolist()]
    watered_rise, idle_rise = np.concatenate(rises[::2]), np.concatenate(rises[1::2])
    assert len(watered_rise) > 20
    # Deep probes have the water hours later, so it is against days without that a day gains.
    assert watered_rise.mean() > idle_rise.mean()
    assert idle_rise.mean() < 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_reading_knows_nothing_of_its_neighbours(kind: str) -> None:
    """Other cells in the array, other readings in the batch, another order: the same numbers."""
    world = world_of(SEED)
    many, few = np.arange(9, dtype=np.int64), np.array([2, 7], dtype=np.int64)
    states = {}
    for cells in (many, few):
        model = MODEL(setting_of("agriculture", SEED))
        carry = model.begin(cells)
        for index in range(4):
            carry = model.advance(cells, carry, world.day(index), NO_ORDERS)
        states[len(cells)] = model, model.day(cells, carry, world.day(4), NO_ORDERS)
    rng = np.random.default_rng(1)
    at = _moments(kind, world.day(4), few, rng.integers(0, 2, 500), rng)
    all_at_once = states[2][0].observe(kind, states[2][1], at)
    order = rng.permutation(500)[:60]
    some = _taken(at, order, row=many.searchsorted(few[at.row[order]]))
    apart = states[9][0].observe(kind, states[9][1], some)
    for name, values in all_at_once.items():
        np.testing.assert_array_equal(values[order], apart[name], err_msg=name)


def _moments(
    kind: str, day: WorldDay, cells: npt.NDArray[np.int64], row: npt.NDArray[np.int64], rng: np.random.Generator
) -> Moments:
    units = KINDS[kind].per_cell
    unit = rng.integers(0, units, len(row))
    ts = rng.integers(day.times[0], day.times[-1], len(row))
    x = (ts - day.times[0]) / (GRID_S * 1000.0)
    assert x.max() < GRID_POINTS - 1
    return Moments(row=row, unit=unit, device=cells[row] * units + unit, ts=ts, x=x)


def _taken(at: Moments, order: npt.NDArray[np.int64], row: npt.NDArray[np.int64]) -> Moments:
    return Moments(row=row, unit=at.unit[order], device=at.device[order], ts=at.ts[order], x=at.x[order])


def test_probes_cost_no_greenhouse() -> None:
    day = walked(3, 1)[0]
    day.observe("soil_probe", every_s=3600.0)
    assert "house" not in vars(day.state)
    assert "houses" not in vars(day.state.farm)


def test_a_town_of_probes_is_small() -> None:
    """A probe's share of a day's state and of what is fixed stays below half a kilobyte."""
    cells = np.arange(200, dtype=np.int64)
    model = MODEL(setting_of("agriculture", SEED))
    world = world_of(SEED).day(1)
    state: Any = model.day(cells, model.begin(cells), world, NO_ORDERS)
    rng = np.random.default_rng(1)
    model.observe("soil_probe", state, _moments("soil_probe", world, cells, rng.integers(0, 200, 1000), rng))
    parts = [state.soil, state.pipes.day, state.farm.fields, state.farm.probes]
    held = sum(a.nbytes for part in parts for a in vars(part).values()) + sum(a.nbytes for a in state.carry.values())
    assert held / (200 * 6) < 512


def test_batteries_rise_with_the_sun_and_sink_at_night() -> None:
    days = walked(150, 20)
    for kind in ("weather_station", "soil_probe", "irrigation_valve"):
        volts = _joined(days, kind, every_s=3600.0)["battery_voltage"].reshape(-1, 20, 24)
        by_hour = volts.mean(axis=(0, 1))
        assert 9 <= by_hour.argmax() <= 15  # 13 to 19 h
        assert by_hour.argmin() in (0, 1, 2, 3, 22, 23)


def test_every_panel_asks_for_what_there_is() -> None:
    asked = [panel for panel in DASHBOARD.panels if panel.measurement]
    assert 8 <= len(asked) <= 18
    for panel in asked:
        channels = KINDS[panel.measurement].channel
        assert set(panel.fields) <= set(channels), panel.title
        units = {channels[name].unit for name in panel.fields}
        assert panel.unit is None or len(units) > 1 or units == {panel.unit} or panel.unit == "1", panel.title
        assert panel.story
