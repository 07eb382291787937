"""Batteries that are told a power: what they do, what they refuse, and that every meter agrees."""

import numpy as np
import pytest

from park.model import DAY_MS
from sectors.energy.battery import EMPTY, FULL, ONE_WAY_EFFICIENCY
from sectors.energy.catalogue import RELEASE, RESUME, SET_LIMIT, SET_POWER
from tests.sectors.acted import CELLS, HOUR, MINUTE, SECOND, Acted

SUMMER = 190
AT = 14 * HOUR + 3 * MINUTE + 217  # 18:03, within the peak


def energy(*said: tuple[int, int, int, int, tuple[float, ...]]) -> Acted:
    return Acted(sector="energy", day=SUMMER, said=said)


def test_a_battery_holds_its_power_from_the_millisecond_and_as_long_as_it_was_told() -> None:
    acted = energy((1, 0, SET_POWER, AT, (12.5, 30)))
    power = acted.seen("battery", 1, 0, [AT - 1, AT, AT + SECOND, AT + 30 * MINUTE - 1, AT + 30 * MINUTE])
    before = energy().seen("battery", 1, 0, [AT - 1])["active_power"][0]
    assert power["active_power"][0] == before
    assert power["active_power"][1:4] == pytest.approx(12.5)
    assert power["active_power"][4] < 12.0
    assert power["status"][1:4].tolist() == [2, 2, 2]


@pytest.mark.parametrize("told", [15.0, -15.0])
def test_it_stops_full_or_empty_and_registers_follow_its_charge(told: float) -> None:
    acted = energy((2, 0, SET_POWER, AT, (told, 600)))
    ms = np.arange(AT, DAY_MS, 10 * SECOND)
    seen = acted.seen("battery", 2, 0, ms)
    charge = seen["state_of_charge"] / 100
    assert charge.min() >= EMPTY - 1e-9
    assert charge.max() <= FULL + 1e-9
    assert charge[-1] == pytest.approx(EMPTY if told > 0 else FULL, abs=1e-6)
    into, out = (seen[f"total_active_energy_{way}"] for way in ("import", "export"))
    assert (np.diff(into) >= 0).all()
    assert (np.diff(out) >= 0).all()
    bank = acted.states[0].flows.plant.battery
    hours = (ms[-1] - ms[0]) / HOUR
    flow = (out[-1] - out[0]) - (into[-1] - into[0]) + bank.standby[2] * hours
    through = flow / ONE_WAY_EFFICIENCY if told > 0 else flow * ONE_WAY_EFFICIENCY
    assert (charge[0] - charge[-1]) * bank.capacity[2] == pytest.approx(through, rel=1e-6)


def test_the_grid_connection_counts_what_flows_through_it() -> None:
    orders = [(0, 0, SET_POWER, AT - 6 * HOUR, (-18.0, 90)), (0, 0, SET_POWER, AT, (19.0, 45))]
    acted = energy(*orders, (0, 0, RESUME, AT + 20 * MINUTE, ()))
    ms = np.arange(AT - 7 * HOUR, AT + 3 * HOUR, SECOND)
    meter, stored = acted.seen("site_meter", 0, 0, ms), acted.seen("battery", 0, 0, ms)["active_power"]
    assert np.abs(meter["storage_power"] - stored).max() < 1e-9
    sources = meter["photovoltaic_power"] + meter["wind_power"] + meter["storage_power"] + meter["active_power"]
    assert np.abs(sources - meter["consumption_power"] - meter["conversion_loss"]).max() < 1e-9
    taken, fed = (meter[f"total_active_energy_{way}"] for way in ("import", "export"))
    assert np.diff(taken).min() > -1e-9
    assert np.diff(fed).min() > -1e-9
    plain = energy().seen("site_meter", 0, 0, ms)
    more = (plain["storage_power"] - stored).cumsum() / 3600
    net = taken - fed - (plain["total_active_energy_import"] - plain["total_active_energy_export"])
    assert np.abs(net - more).max() < 0.02  # a sum of seconds' readings


def test_a_power_is_held_over_four_in_the_morning() -> None:
    late = 23 * HOUR + 30 * MINUTE
    acted = energy((3, 0, SET_POWER, late, (-4.0, 60)))
    seen = acted.seen("battery", 3, 0, [DAY_MS - 1, DAY_MS, DAY_MS + 30 * MINUTE - 1, DAY_MS + 31 * MINUTE])
    assert seen["active_power"][:3] == pytest.approx(-4.0)
    assert seen["active_power"][3] > -1.0
    for name, within in (("state_of_charge", 0.01), ("total_active_energy_import", 0.001), ("cell_temperature", 0.5)):
        assert seen[name][0] == pytest.approx(seen[name][1], abs=within)
    clean = acted.states
    assert clean[0].obeyed.batteries[3].left.warm == clean[1].obeyed.batteries[3].at(np.array([0])).warm[0]


def test_told_to_resume_it_gives_the_evening_what_is_left() -> None:
    acted = energy((1, 0, SET_POWER, AT, (0.0, 600)), (1, 0, RESUME, AT + HOUR, ()))
    seen = acted.seen("battery", 1, 0, np.arange(AT + HOUR, DAY_MS, MINUTE))
    assert acted.seen("battery", 1, 0, [AT + HOUR - 1])["active_power"] == pytest.approx([0.0])
    assert seen["active_power"].max() > 2.0
    assert seen["state_of_charge"].min() >= 100 * EMPTY - 1e-6


def test_what_a_battery_refuses() -> None:
    acted = energy((1, 0, SET_POWER, AT, (10.0, 600)), (2, 0, SET_POWER, AT, (-15.0, 600)))
    assert acted.refusal("battery", (1, 0, SET_POWER, AT, (39.9, 10))) == "over-rating"
    assert acted.refusal("battery", (1, 0, SET_POWER, AT, (10.0, 10))) is None
    assert acted.refusal("battery", (1, 0, SET_POWER, AT + 9 * HOUR, (10.0, 10))) == "empty"
    assert acted.refusal("battery", (1, 0, SET_POWER, AT + 9 * HOUR, (-10.0, 10))) is None
    assert acted.refusal("battery", (2, 0, SET_POWER, AT + 9 * HOUR, (-10.0, 10))) == "full"
    assert acted.refusal("battery", (1, 0, RESUME, AT + 9 * HOUR, ())) is None


def point_that_charges(hour: int, least: float = 5.0) -> tuple[int, int]:
    """Cell and unit of a charging point that gives so much for an hour and more."""
    plain = energy()
    for cell in range(CELLS):
        for unit in range(3):
            seen = plain.seen("ev_charger", cell, unit, [hour * HOUR - MINUTE, hour * HOUR, hour * HOUR + 45 * MINUTE])
            if seen["active_power"].min() > least:
                return cell, unit
    raise AssertionError("nobody charges")


def test_a_vehicle_gets_less_and_later_but_all_that_it_wants() -> None:
    cell, unit = point_that_charges(16)
    at, end = 16 * HOUR + 4321, DAY_MS - 10 * MINUTE
    acted = energy((cell, unit, SET_LIMIT, at, (4.6,)))
    ms = np.arange(at - 5 * MINUTE, end, 5 * SECOND)
    told, plain = (one.seen("ev_charger", cell, unit, ms) for one in (acted, energy()))
    before = ms < at
    assert (told["active_power"][before] == plain["active_power"][before]).all()
    limited = told["active_power"][~before]
    assert limited.max() <= 4.6
    assert limited[0] > 3.9
    energies = told["total_active_energy_export"]
    assert np.diff(energies).min() >= 0
    assert energies[-1] - energies[0] == pytest.approx(told["active_power"].sum() * 5 / 3600, rel=1e-3)
    assert told["session_energy"][-1] == pytest.approx(plain["session_energy"][-1], rel=0.02)
    assert (told["status"][~before][limited > 0] == 2).all()


def test_a_limit_too_low_for_any_current_is_a_pause_and_resume_ends_it() -> None:
    cell, unit = point_that_charges(16)
    at = 16 * HOUR
    acted = energy((cell, unit, SET_LIMIT, at, (1.0,)), (cell, unit, RELEASE, at + 40 * MINUTE, ()))
    seen = acted.seen("ev_charger", cell, unit, [at - 1, at, at + 40 * MINUTE - 1, at + 40 * MINUTE])
    assert seen["active_power"][1:3].tolist() == [0.0, 0.0]
    assert seen["status"].tolist() == [2, 4, 4, 2]
    assert seen["active_power"][3] == pytest.approx(seen["active_power"][0], rel=0.03)
    assert np.diff(seen["total_active_energy_export"])[1:] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_limit_holds_over_four_in_the_morning_and_so_does_what_is_still_wanted() -> None:
    plain = energy()
    found = [
        (cell, unit)
        for cell in range(CELLS)
        for unit in range(3)
        if plain.seen("ev_charger", cell, unit, [DAY_MS - MINUTE])["vehicle_connected"][0]
        and plain.seen("ev_charger", cell, unit, [17 * HOUR])["active_power"][0] > 3
    ]
    cell, unit = found[0]
    acted = energy((cell, unit, SET_LIMIT, 17 * HOUR, (0.0,)), (cell, unit, RELEASE, DAY_MS + 5 * MINUTE, ()))
    seen = acted.seen("ev_charger", cell, unit, [17 * HOUR, DAY_MS - 1, DAY_MS, DAY_MS + 5 * MINUTE, DAY_MS + HOUR])
    assert seen["session_energy"][:4] == pytest.approx([seen["session_energy"][0]] * 4)
    assert seen["active_power"].tolist()[:3] == [0.0] * 3
    assert seen["active_power"][3] > 3
    assert seen["session_energy"][4] > seen["session_energy"][3] + 1
    totals = seen["total_active_energy_export"]
    assert np.diff(totals)[:3] == pytest.approx([0, 0, 0], abs=1e-9)


def test_the_grid_connection_counts_what_vehicles_are_not_given() -> None:
    cell, unit = point_that_charges(16)
    acted = energy(
        (cell, unit, SET_LIMIT, 16 * HOUR, (4.2,)),
        (cell, 0, SET_POWER, 16 * HOUR + 7 * MINUTE, (9.0, 25)),
        (cell, unit, SET_LIMIT, 16 * HOUR + 30 * MINUTE, (0.0,)),
    )
    ms = np.arange(16 * HOUR, 18 * HOUR, SECOND)
    meter, plain = (one.seen("site_meter", cell, 0, ms) for one in (acted, energy()))
    sources = meter["photovoltaic_power"] + meter["wind_power"] + meter["storage_power"] + meter["active_power"]
    assert np.abs(sources - meter["consumption_power"] - meter["conversion_loss"]).max() < 1e-9
    more = (meter["active_power"] - plain["active_power"]).cumsum() / 3600
    net, usual = (one["total_active_energy_import"] - one["total_active_energy_export"] for one in (meter, plain))
    assert np.abs(net - usual - more).max() < 0.02
    assert min(np.diff(meter[f"total_active_energy_{way}"]).min() for way in ("import", "export")) > -1e-9
