"""Zones, greens and halls do what they are told, as fast as their physics lets them, and no sooner."""

import numpy as np
import pytest

from park.model import NO_ORDERS
from sectors.municipal.catalogue import CLOSE, OPEN, SET_MODE, SET_PRESSURE, SET_TEMPERATURE, SET_VALVE
from sectors.municipal.model import MunicipalDay
from sectors.municipal.zone import Seen
from tests.reference.municipal_samples import CELLS, model_of
from tests.sectors.municipal.acting import HOUR, MINUTE, SEED, day_of, moments, orders, seen

SUMMER, WINTER = 200, 20
AT = 8 * HOUR + 77_000
OFF, COOLING = 1, 2
LIBRARY = 1


def test_a_zone_approaches_a_pressure_by_five_kilopascals_a_minute() -> None:
    day = day_of(SUMMER, orders(SUMMER, (1, 0, SET_PRESSURE, AT, (210.0,))))
    minutes = np.arange(AT - HOUR, AT + 2 * HOUR, MINUTE)
    inlet = np.array([float(zone_at(day, int(ms)).inlet[0]) for ms in minutes])
    assert np.abs(np.diff(inlet)).max() <= 5.0 + 1e-9
    started = inlet[0]
    due = int((started - 210.0) / 5.0) + 1 + 5
    assert inlet[60 + due :] == pytest.approx(210.0)
    assert inlet[:60] == pytest.approx(started)
    assert (np.diff(inlet[60:]) <= 1e-9).all()


def zone_at(day: MunicipalDay, ms: int) -> Seen:
    """The second zone, without noise."""
    return day.zones.at(moments(day, "pressure_zone", 1, 0, [ms]))


def test_less_pressure_means_less_leaks_and_less_inflow() -> None:
    night = np.arange(22 * HOUR, 24 * HOUR, 5 * MINUTE)
    plain, lowered = (
        seen(day, "pressure_zone", 0, 0, night)
        for day in (day_of(SUMMER), day_of(SUMMER, orders(SUMMER, (0, 0, SET_PRESSURE, AT, (200.0,)))))
    )
    assert (lowered["pressure_setpoint"] == 200.0).all()
    assert lowered["inflow"].mean() < 0.92 * plain["inflow"].mean()
    assert lowered["critical_pressure"].mean() < plain["critical_pressure"].mean() - 40


def test_a_valve_that_is_held_lets_the_pressure_rise_by_night() -> None:
    day = day_of(SUMMER, orders(SUMMER, (2, 0, SET_VALVE, AT, (35.0,))))
    zone = seen(day, "pressure_zone", 2, 0, [AT + 2 * HOUR, 16 * HOUR, 23 * HOUR])
    assert (zone["valve_position"] == 35.0).all()
    assert (zone["control_mode"] == 1).all()
    assert zone["inlet_pressure"][2] > zone["inlet_pressure"][1] + 10
    after = day_of(SUMMER, orders(SUMMER, (2, 0, SET_VALVE, AT, (35.0,)), (2, 0, SET_PRESSURE, AT + HOUR, (260.0,))))
    back = seen(after, "pressure_zone", 2, 0, [23 * HOUR])
    assert back["inlet_pressure"] == pytest.approx([260.0], abs=3.0)


def test_a_green_is_watered_for_just_as_long_as_it_was_told() -> None:
    rate = day_of(SUMMER).valves.rate[2 * 2 + 1]
    day = day_of(SUMMER, orders(SUMMER, (2, 1, OPEN, AT, (10,))))
    ms = [AT - 1, AT, AT + 5 * MINUTE, AT + 10 * MINUTE - 1, AT + 10 * MINUTE, AT + 12 * MINUTE]
    green = seen(day, "green_valve", 2, 1, ms)
    assert green["valve_open"].tolist() == [0, 1, 1, 1, 0, 0]
    assert green["water_total"] - green["water_total"][0] == pytest.approx(
        rate * np.array([0, 0, 5, 10, 10, 10]) / 60, abs=2e-6
    )
    assert green["soil_moisture"][-1] > green["soil_moisture"][0] + 0.003


def test_closing_ends_it_and_opening_again_moves_the_end() -> None:
    rate = day_of(SUMMER).valves.rate[0]
    closed = day_of(SUMMER, orders(SUMMER, (0, 0, OPEN, AT, (60,)), (0, 0, CLOSE, AT + 7 * MINUTE, ())))
    longer = day_of(SUMMER, orders(SUMMER, (0, 0, OPEN, AT, (20,)), (0, 0, OPEN, AT + 10 * MINUTE, (30,))))
    for day, minutes in ((closed, 7), (longer, 40)):
        total = seen(day, "green_valve", 0, 0, [AT - 1, AT + 2 * HOUR])["water_total"]
        assert np.diff(total)[0] == pytest.approx(rate * minutes / 60, abs=2e-6)


def test_a_green_that_was_told_nothing_stays_closed_in_the_morning_after_others_were() -> None:
    told = orders(WINTER, (0, 0, OPEN, AT, (10,)), (0, 0, CLOSE, AT + MINUTE, ()), (1, 1, OPEN, AT, (5,)))
    given = day_of(WINTER, told)
    carry = model_of(SEED).advance(np.arange(CELLS), given.carry, given.world, told)
    assert (carry["valve_left_ms"] == 0).all()
    plain = model_of(SEED).advance(np.arange(CELLS), given.carry, given.world, NO_ORDERS)
    for name, values in plain.items():
        assert (carry[name][2:] == values[2:]).all(), name


def test_what_a_green_draws_comes_through_its_zone() -> None:
    given = orders(SUMMER, (1, 0, OPEN, AT, (30,)))
    plain, watering = (zone_at(day, AT + 60_000) for day in (day_of(SUMMER), day_of(SUMMER, given)))
    rate = day_of(SUMMER).valves.rate[2]
    # The pipes lose some pressure to it, so that a little less leaks.
    assert float(watering.inflow[0] - plain.inflow[0]) == pytest.approx(rate, rel=0.08)


def test_a_hall_that_is_switched_off_draws_nothing_and_warms() -> None:
    later = np.arange(AT + 10 * MINUTE, AT + 4 * HOUR, MINUTE)
    told, usual = (
        seen(day, "climate_zone", 0, LIBRARY, later)
        for day in (day_of(SUMMER, orders(SUMMER, (0, LIBRARY, SET_MODE, AT, (OFF,)))), day_of(SUMMER))
    )
    assert told["active_power"].max() < 0.03
    assert usual["active_power"].max() > 0.5
    assert told["temperature"][-1] > usual["temperature"][-1] + 2
    assert (told["mode"] == 0).all()


def test_a_hall_reaches_what_it_is_told_where_its_pump_can() -> None:
    day = day_of(SUMMER, orders(SUMMER, (0, 1, SET_TEMPERATURE, AT, (23.0,))))
    hall = seen(day, "climate_zone", 0, 1, np.arange(AT + 90 * MINUTE, AT + 4 * HOUR, MINUTE))
    assert np.abs(hall["temperature"] - 23.0).max() < 1.0
    assert (hall["temperature_setpoint"] == 23.0).all()
    plain = seen(day_of(SUMMER), "climate_zone", 0, 1, [AT, AT + 4 * HOUR])["total_active_energy_import"]
    told = seen(day, "climate_zone", 0, 1, [AT, AT + 4 * HOUR])["total_active_energy_import"]
    assert np.diff(told)[0] > 1.2 * np.diff(plain)[0]


def test_a_halls_register_is_the_integral_of_its_power() -> None:
    day = day_of(WINTER, orders(WINTER, (3, 0, SET_MODE, AT, (COOLING,)), (3, 0, SET_TEMPERATURE, AT + HOUR, (18.0,))))
    seconds = np.arange(AT - 2 * HOUR, AT + 3 * HOUR, 1000)
    hall = seen(day, "climate_zone", 3, 0, seconds)
    made = hall["active_power"][:-1].sum() / 3600
    assert np.diff(hall["total_active_energy_import"][[0, -1]])[0] == pytest.approx(made, rel=0.005)
    assert (np.diff(hall["total_active_energy_import"]) >= 0).all()


def test_auto_gives_a_hall_back_to_its_program() -> None:
    told = orders(SUMMER, (0, 1, SET_TEMPERATURE, AT, (29.0,)), (0, 1, SET_MODE, AT + HOUR, (0,)))
    hall = seen(day_of(SUMMER, told), "climate_zone", 0, 1, [AT + HOUR - 1, AT + HOUR + 15 * MINUTE])
    assert hall["temperature_setpoint"].tolist() == [29.0, 26.0]
    assert hall["control_mode"].tolist() == [1, 0]
