"""Lamps obey to the millisecond, and every register is the exact integral of what was drawn."""

import numpy as np
import pytest

from sectors.municipal.catalogue import RESUME, SET_LEVEL
from tests.reference.municipal_samples import model_of
from tests.reference.walk import world_of
from tests.sectors.municipal.acting import HOUR, MINUTE, SEED, day_of, orders, seen

DAY = 40
EVENING, NOON = 16 * HOUR, 8 * HOUR


def test_a_lamp_fades_from_the_orders_own_millisecond() -> None:
    at = EVENING + 123_457
    day = day_of(DAY, orders(DAY, (1, 3, SET_LEVEL, at, (60.0, 20.0))))
    level = seen(day, "street_lamp", 1, 3, [at - 1, at, at + 5_000, at + 10_000, at + 20_000, at + HOUR])["level"]
    assert level == pytest.approx([100.0, 100.0, 90.0, 80.0, 60.0, 60.0])


def test_a_fade_that_is_interrupted_goes_on_from_where_it_is() -> None:
    told = orders(DAY, (0, 0, SET_LEVEL, EVENING, (50.0, 50.0)), (0, 0, SET_LEVEL, EVENING + 25_000, (100.0, 10.0)))
    level = seen(day_of(DAY, told), "street_lamp", 0, 0, EVENING + np.array([25_000, 30_000, 35_000, 60_000]))["level"]
    assert level == pytest.approx([75.0, 87.5, 100.0, 100.0])


def test_resume_gives_the_lamp_back_to_its_program() -> None:
    told = orders(DAY, (0, 2, SET_LEVEL, NOON, (70.0, 0.0)), (0, 2, RESUME, NOON + HOUR, ()))
    day, plain = day_of(DAY, told), day_of(DAY)
    lamp = seen(day, "street_lamp", 0, 2, [NOON - 1, NOON, NOON + HOUR - 1, NOON + HOUR + MINUTE])
    assert lamp["level"] == pytest.approx([0.0, 70.0, 70.0, 0.0])
    assert lamp["control_mode"].tolist() == [0, 1, 1, 0]
    evening = np.arange(EVENING, 24 * HOUR, 7 * MINUTE)
    same = seen(plain, "street_lamp", 0, 2, evening)["level"]
    assert (seen(day, "street_lamp", 0, 2, evening)["level"] == same).all()


def test_in_the_dark_a_lamp_told_less_gives_its_classs_least_light() -> None:
    day = day_of(DAY, orders(DAY, (0, 0, SET_LEVEL, NOON, (0.0, 0.0))))
    night = seen(day, "street_lamp", 0, 0, [EVENING, 20 * HOUR])["level"]
    assert ((night >= 30.0) & (night <= 40.0)).all()


def test_registers_are_the_integral_of_power_whatever_was_commanded() -> None:
    told = orders(
        DAY,
        (2, 5, SET_LEVEL, EVENING + 1_234, (45.0, 90.0)),
        (2, 5, SET_LEVEL, EVENING + 60_001, (80.0, 13.0)),
        (2, 5, SET_LEVEL, EVENING + 300_777, (40.0, 0.0)),
        (2, 5, RESUME, EVENING + 400_000, ()),
        (2, 7, SET_LEVEL, EVENING + 20, (66.0, 33.3)),
    )
    day = day_of(DAY, told)
    fine = np.arange(EVENING, EVENING + 600_001, 50)
    lamp = day.lighting.lamps.at(np.full(len(fine), 2 * 12 + 5), fine)
    made = ((lamp.power[1:] + lamp.power[:-1]) / 2).sum() * 0.05 / 3600
    assert lamp.energy[-1] - lamp.energy[0] == pytest.approx(made, rel=1e-5)
    assert (np.diff(lamp.energy) > 0).all()
    cabinet = seen(day, "light_cabinet", 2, 0, [EVENING, EVENING + 600_000])["total_active_energy_import"]
    lamps = [
        np.diff(seen(day, "street_lamp", 2, unit, [EVENING, EVENING + 600_000])["total_active_energy_import"])
        for unit in range(12)
    ]
    assert np.diff(cabinet)[0] == pytest.approx(np.sum(lamps) + 0.012 / 6, abs=1e-9)


def test_a_fade_goes_on_over_the_mornings_seam() -> None:
    late = 24 * HOUR - 10_000
    given = orders(DAY, (0, 1, SET_LEVEL, late, (100.0, 60.0)))
    world = world_of(SEED)
    evening = day_of(DAY, given)
    carry = model_of(SEED).advance(np.arange(4), evening.carry, world.day(DAY), given)
    morning = day_of(DAY + 1, carry=carry)
    before = seen(evening, "street_lamp", 0, 1, [late, 24 * HOUR - 1])
    after = seen(morning, "street_lamp", 0, 1, [0, 49_999, 60_000])
    assert after["level"][0] == pytest.approx(before["level"][1], abs=0.01)
    assert after["level"][1:] == pytest.approx([100.0, 100.0], abs=0.01)
    assert after["total_active_energy_import"][0] == pytest.approx(before["total_active_energy_import"][1], abs=1e-5)
    assert after["control_mode"][0] == 1


def test_a_lamp_warms_up_slowly() -> None:
    day = day_of(DAY)
    minutes = np.arange(0, 24 * HOUR, MINUTE)
    lamp = seen(day, "street_lamp", 0, 0, minutes)
    on = int(np.flatnonzero((lamp["level"][:-1] == 0) & (lamp["level"][1:] > 0))[-1]) + 1
    air = np.interp(minutes / 300_000, np.arange(289), day.world.temperature[0])
    warm = lamp["temperature"] - air
    assert warm[on - 1] < 2
    assert 8 < warm[on + 15] < 20
    assert warm[on + 120] > 22
