"""Where people are, and what follows from them."""

import dataclasses

import numpy as np
import pytest

from park.model import GRID_POINTS, WorldDay
from simulator.world.derived import FIELDS
from tests.reference.walk import shuffled_rhythm
from tests.simulator.world.towns import WUXI, world

SHARES = ("at_home", "at_work", "under_way", "out")
WUXI_WORLD = world()


def more(day: WorldDay) -> dict[str, np.ndarray]:
    return {name: getattr(day, name) for name in FIELDS}


def test_shares_add_up_and_fields_keep_their_ranges() -> None:
    limits = {
        **dict.fromkeys(SHARES, (0, 1)),
        "road_demand": (0, 8),
        "pm25": (0, 600),
        "no2": (0, 400),
        "o3": (0, 450),
        "supply_voltage": (0.90, 1.07),
        "energy_price": (0.3, 0.6),
        "illuminance": (0.001, 160_000),
    }
    for index in range(0, 400, 13):
        day = WUXI_WORLD.day(index)
        assert sum(getattr(day, name) for name in SHARES) == pytest.approx(np.ones((4, GRID_POINTS)), abs=1e-12)
        for name, values in more(day).items():
            low, high = limits[name]
            assert values.shape == (4, GRID_POINTS)
            assert low <= values.min(), (name, index)
            assert values.max() <= high, (name, index)
            with pytest.raises(ValueError, match="read-only"):
                values[0, 0] = 0


def test_days_join_without_a_seam() -> None:
    for index in [0, 1, *range(90, 110)]:  # weekdays, weekends and the tomb-sweeping holiday
        ends, begins = more(WUXI_WORLD.day(index)), more(WUXI_WORLD.day(index + 1))
        for name, values in ends.items():
            assert np.array_equal(values[:, -1], begins[name][:, 0]), (name, index)


def test_days_made_together_are_those_made_one_by_one() -> None:
    one_by_one = world()
    for day in world().days(0, 5) + world().days(217, 222):
        for name, values in more(one_by_one.day(day.index)).items():
            assert np.array_equal(values, getattr(day, name)), name


@pytest.mark.parametrize("place", [(31.2, 120.9), (31.57, 120.11)], ids=["elsewhere", "where one stands"])
def test_a_site_more_changes_no_other(place: tuple[float, float]) -> None:
    more_sites = world(
        site_latitudes=(*WUXI["site_latitudes"], place[0]), site_longitudes=(*WUXI["site_longitudes"], place[1])
    )
    few, many = WUXI_WORLD.day(133), more_sites.day(133)
    names = [field.name for field in dataclasses.fields(few) if np.ndim(getattr(few, field.name)) == 2]
    for name in [*names, *FIELDS]:
        assert np.array_equal(getattr(few, name), getattr(many, name)[:4]), name


def test_roads_have_two_peaks_on_workdays_and_one_hump_on_rest_days() -> None:
    days = [WUXI_WORLD.day(index) for index in range(60)]
    hours = {
        kind: np.mean(
            [day.road_demand[:, :-1].reshape(4, 24, 12).mean((0, 2)) for day in days if day.workday is kind], 0
        )
        for kind in (True, False)
    }
    by_clock = {kind: np.roll(series, 4) for kind, series in hours.items()}
    morning, noon, evening = by_clock[True][7:9].max(), by_clock[True][11:14].min(), by_clock[True][16:19].max()
    assert morning > 1.4 * noon
    assert evening > 1.3 * noon
    assert by_clock[False][6:9].max() < 0.7 * by_clock[False][10:18].max()
    assert 0.6 < by_clock[False].sum() / by_clock[True].sum() < 0.95


def test_a_wet_day_keeps_people_in() -> None:
    days = [WUXI_WORLD.day(index) for index in range(150, 270)]
    out = np.array([np.log(day.out.mean()) for day in days if not day.holiday and day.workday])
    wet = np.array([(day.precipitation > 0).mean() for day in days if not day.holiday and day.workday])
    assert np.corrcoef(out, wet)[0, 1] < -0.2


def test_a_day_can_be_given_the_people_of_another() -> None:
    days = [WUXI_WORLD.day(index) for index in range(100, 128)]
    others = shuffled_rhythm(days, 1)
    assert all(
        np.array_equal(a.no2, b.no2) and a.temperature is b.temperature for a, b in zip(days, others, strict=True)
    )
    sizes, shuffled = ([day.out.mean() for day in some if day.workday] for some in (days, others))
    assert sorted(sizes) == sorted(shuffled)
    assert sizes != shuffled


def test_twilight_is_not_dark() -> None:
    day = WUXI_WORLD.day(170)
    height, light = day.sun_elevation[0], day.illuminance[0]
    dusk = (height < -0.5) & (height > -3) & (day.cloud_cover[0] < 0.5)
    assert ((light > 10) & (light < 600))[dusk].all()
    assert light[height < -15].max() < 0.01
    assert light.max() == pytest.approx(117 * day.ghi[0].max())


def test_voltage_sags_under_load() -> None:
    days = [WUXI_WORLD.day(index) for index in range(80)]
    volts = np.mean([day.supply_voltage for day in days], axis=(0, 1))
    assert volts[252:288].mean() > volts[168:210].mean() + 0.005  # 01-04 h against 18-21:30 h
    days = [day for day in days if day.workday]
    cold = np.array([day.temperature.mean() for day in days])
    assert np.corrcoef(cold, [day.supply_voltage.mean() for day in days])[0, 1] > 0.3


def test_ozone_and_nitrogen_dioxide_trade_places() -> None:
    days = [WUXI_WORLD.day(index) for index in range(150, 210)]
    no2, o3 = (np.concatenate([getattr(day, name)[0, :-1] for day in days]) for name in ("no2", "o3"))
    assert -0.9 < np.corrcoef(no2, o3)[0, 1] < -0.3
    peak = np.median(o3.reshape(60, 288).argmax(axis=1)) / 12 + 4
    assert 12 <= peak <= 16
