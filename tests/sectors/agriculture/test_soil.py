"""The root zone: FAO-56's daily balance, its limits, salt and heat."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.model import GRID_POINTS, Carry, WorldDay
from sectors.agriculture import crops
from sectors.agriculture.drivers import HOURS, drivers, soaked
from sectors.agriculture.fields import Fields, survey
from sectors.agriculture.model import Agriculture
from sectors.agriculture.soil import UPPER_SHARE, SoilDay, decayed, soil_day
from tests.sectors.agriculture.weather import day, setting

TOWN = setting()
CELLS = np.arange(40)
FIELDS = survey(TOWN, CELLS, 2)
JULY = 181
Floats = npt.NDArray[np.float64]


def carry(depleted: float = 0.0, filled: float = 0.0) -> Carry:
    """Fields whose zones have lost this share of the available water, or hold that of the pores."""
    begun = dict(Agriculture(TOWN).begin(CELLS))
    return begun | {
        "depletion": depleted * FIELDS.available,
        "surplus": np.repeat(filled * FIELDS.pores, 2, axis=1),
    }


def lived(before: Carry, world: WorldDay, fields: Fields = FIELDS) -> SoilDay:
    return soil_day(TOWN, CELLS, fields, before, world)


def stress(depleted: Floats, available: Floats, p: Floats) -> Floats:
    """Equation 84, for one zone at a time."""
    ks = [
        [1.0 if d <= pi * a else (a - d) / ((1 - pi) * a) for d, a in zip(row, lot, strict=True)]
        for row, lot, pi in zip(depleted, available, p, strict=True)
    ]
    return np.array(ks)


@pytest.mark.parametrize("depleted", [0.05, 0.3, 0.6, 0.95])
def test_a_dry_day_is_equation_85(depleted: float) -> None:
    # Fields that never water: only evapotranspiration is left.
    fields = replace(FIELDS, allowed=np.full(len(CELLS), 99.0))
    before, world = carry(depleted), day(temperature=28.0, sun=800.0)
    et0 = drivers(world, TOWN.elevation_m).et0[0, -1]
    kc = crops.KC[FIELDS.crop, JULY]
    p = np.clip(crops.P[FIELDS.crop] + 0.04 * (5.0 - kc * et0), 0.1, 0.8)
    ks = stress(before["depletion"], FIELDS.available, p)
    expected = before["depletion"] + ks * (kc * et0)[:, None]
    assert 4.0 < et0 < 8.0
    np.testing.assert_allclose(lived(before, world, fields).depletion[..., -1], expected, rtol=1e-12)


def test_growers_water_what_they_allow_and_only_in_season_without_rain() -> None:
    world = day(temperature=28.0, sun=800.0)
    standing = crops.IN_SEASON[FIELDS.crop, JULY]
    watered = lived(carry(0.7), world).watering.open_s > 0
    assert (watered == standing[:, None]).all()
    assert 0.1 < standing.mean() < 1.0
    assert not lived(carry(0.05), world).watering.open_s.any()
    shower = np.where(np.arange(GRID_POINTS) < 12, 6.0, 0.0)
    assert not lived(carry(0.7), day(temperature=28.0, sun=800.0, rain=shower)).watering.open_s.any()


def test_zones_of_a_field_take_turns_within_the_day() -> None:
    turns = lived(carry(0.7), day(temperature=28.0, sun=800.0)).watering
    both = (turns.open_s > 0).all(axis=1)
    ends = turns.opens_s + turns.open_s
    assert both.any()
    assert (turns.opens_s[both, 1] >= ends[both, 0]).all()
    assert ends.max() < 86_400


def test_a_full_soil_passes_rain_on_and_drains_above_field_capacity_in_a_day_or_two() -> None:
    rain = np.where((np.arange(GRID_POINTS) >= 24) & (np.arange(GRID_POINTS) < 72), 7.0, 0.0)
    wet = lived(carry(), day(temperature=15.0, rain=rain))
    assert wet.surplus.max(axis=-1).min() > 15.0
    assert (wet.depletion[..., 12] == 0.0).all()
    later = lived(carry(filled=0.5), day(temperature=15.0))
    left = later.surplus[..., -1] / later.surplus[..., 0]
    assert ((left > 0.02) & (left < 0.15)).all()
    assert (np.diff(later.surplus, axis=-1) < 0.0).all()


def test_a_cloudburst_runs_off() -> None:
    burst = np.where((np.arange(GRID_POINTS) >= 24) & (np.arange(GRID_POINTS) < 48), 60.0, 0.0)
    world = day(temperature=25.0, rain=burst)
    taken = lived(carry(0.4), world).infiltrated[..., -1]
    fallen = soaked(world.precipitation)[0, -1]
    assert fallen == pytest.approx(120.0, abs=6.0)
    assert (taken < 0.6 * fallen).all()


@settings(max_examples=60)
@given(
    depleted=st.floats(0.0, 1.0),
    filled=st.floats(0.0, 1.0),
    temperature=st.floats(-15.0, 42.0),
    sun=st.floats(0.0, 1000.0),
    rain=st.lists(st.floats(0.0, 120.0), min_size=8, max_size=8),
    humidity=st.floats(10.0, 100.0),
    wind=st.floats(0.0, 15.0),
)
def test_no_weather_breaks_the_balance_or_the_limits(
    *, depleted: float, filled: float, temperature: float, sun: float, rain: list[float], humidity: float, wind: float
) -> None:
    falling = np.append(np.repeat(rain, 36), rain[-1])
    world = day(
        temperature=temperature,
        sun=sun,
        rain=falling,
        relative_humidity=np.full((1, GRID_POINTS), humidity),
        wind_speed=np.full((1, GRID_POINTS), wind),
    )
    before = carry(depleted, filled)
    soil = lived(before, world)
    gained = soil.surplus - soil.depletion - (before["surplus"] - before["depletion"])[..., None]
    np.testing.assert_allclose(soil.infiltrated + soil.irrigated - soil.evaporated - soil.drained, gained, atol=1e-9)
    assert (soil.depletion >= -1e-9).all()
    assert (soil.depletion <= FIELDS.available[..., None] + 1e-9).all()
    assert (soil.surplus >= -1e-9).all()
    assert (soil.surplus <= FIELDS.pores[..., None] + 1e-9).all()
    assert (soil.salt > 0.0).all()
    for flow in (soil.infiltrated, soil.irrigated, soil.evaporated, soil.drained):
        assert (np.diff(flow, axis=-1) >= -1e-9).all()
    assert (soil.infiltrated[..., -1] <= soaked(world.precipitation)[0, -1] + 1e-9).all()


def test_pore_water_grows_salty_as_the_soil_dries_and_fresh_with_heavy_rain() -> None:
    def ec(soil: SoilDay) -> Floats:
        return np.asarray(soil.salt / (FIELDS.held[..., None] - soil.depletion + soil.surplus))

    dry = ec(lived(carry(0.1), day(temperature=30.0, sun=850.0)))
    assert (dry[..., -1] > dry[..., 0]).all()
    wet = ec(lived(carry(0.1), day(temperature=20.0, rain=4.0)))
    assert (wet[..., -1] < 0.9 * wet[..., 0]).all()


def test_soil_lags_and_damps_the_air_more_with_depth() -> None:
    world = day(temperature=20.0 + 8.0 * np.sin(2 * np.pi * (np.arange(GRID_POINTS) - 60) / 288))
    state = carry(0.2)
    for _ in range(15):
        soil = lived(state, world)
        state = dict(state) | {"topsoil": soil.topsoil[:, -1], "subsoil": soil.subsoil[:, -1]}
    swing = [float(np.ptp(series[0])) for series in (world.temperature, soil.topsoil, soil.subsoil)]
    warmest = [float(np.argmax(world.temperature[0]) / 12)] + [
        float(HOURS[series[0].argmax()]) for series in (soil.topsoil, soil.subsoil)
    ]
    assert 0.3 < swing[1] / swing[0] < 0.6
    assert 0.02 < swing[2] / swing[0] < 0.15
    assert 2.0 < warmest[1] - warmest[0] < 6.0
    assert (warmest[2] - warmest[1]) % 24 > 3.0


def test_a_store_decays_as_the_exponential() -> None:
    path = decayed(np.array([2.0]), np.zeros((1, len(HOURS) - 1)), 6.0)
    np.testing.assert_allclose(path[0], 2.0 * np.exp(-HOURS / 6.0), rtol=1e-12)


def test_layers_share_the_water_of_the_zone_and_the_upper_one_drinks_first() -> None:
    rain = np.where((np.arange(GRID_POINTS) >= 60) & (np.arange(GRID_POINTS) < 84), 5.0, 0.0)
    before = dict(carry(0.5)) | {"upper": 0.5 * UPPER_SHARE * FIELDS.available}
    soil = lived(before, day(temperature=28.0, sun=800.0, rain=rain))
    lower = soil.depletion - soil.upper
    assert (soil.upper >= -1e-9).all()
    assert (lower >= -1e-9).all()
    assert (soil.upper <= UPPER_SHARE * FIELDS.available[..., None] + 1e-9).all()
    # The upper layer is filled first; the lower one gains nothing before it is full.
    gaining = np.diff(lower, axis=-1) < -1e-9
    assert gaining.any()
    assert (soil.upper[..., 1:][gaining] < 1e-9).all()


def test_growers_wait_for_warm_soil() -> None:
    cold, warm = (dict(carry(0.7)) | {"subsoil": np.full(len(CELLS), one)} for one in (6.0, 16.0))
    assert not lived(cold, day(temperature=14.0, sun=600.0)).watering.open_s.any()
    assert lived(warm, day(temperature=14.0, sun=600.0)).watering.open_s.any()
