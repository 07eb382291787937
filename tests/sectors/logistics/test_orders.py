"""Reefer lorries that are told another set point: body and load follow, and the unit burns for it."""

import numpy as np
import pytest

from park.model import DAY_MS
from sectors.logistics.catalogue import RESUME, SET_TEMPERATURE
from tests.sectors.acted import CELLS, HOUR, MINUTE, Acted, Said

SUMMER = 190
AT = 5 * HOUR + 2 * MINUTE + 119  # 09:02, on its round


def hub(*said: Said) -> Acted:
    return Acted(sector="logistics", day=SUMMER, said=said)


def test_a_body_is_pulled_down_from_the_next_instant_of_the_grid_on() -> None:
    acted, plain = hub((1, 0, SET_TEMPERATURE, AT, (0.5,))), hub()
    ms = np.arange(AT - HOUR, AT + 3 * HOUR, 10_000)
    told, usual = (one.seen("reefer_truck", 1, 0, ms) for one in (acted, plain))
    node = -(-AT // (5 * MINUTE)) * 5 * MINUTE
    assert (told["setpoint_temperature"] == np.where(ms < AT, 4.0, 0.5)).all()
    off = told["return_air_temperature"] - usual["return_air_temperature"]
    assert np.abs(off[ms <= node]).max() == 0
    assert off[ms > node + HOUR] == pytest.approx(-3.5, abs=0.05)
    assert off[int(np.argmax(ms >= node + 700_000))] == pytest.approx(-3.5 * (1 - np.exp(-1)), abs=0.1)
    cooling = (ms > node) & (ms < node + 20 * MINUTE) & (told["refrigeration_mode"] != 3)
    assert (told["refrigeration_mode"][cooling] == 1).all()
    burnt = -np.diff(told["tru_fuel_level"][[0, -1]])[0], -np.diff(usual["tru_fuel_level"][[0, -1]])[0]
    assert burnt[0] == pytest.approx(burnt[1] + 3.5 * 0.018 * 0.9 * 3, abs=1.0)
    cargo = told["cargo_temperature"] - usual["cargo_temperature"]
    assert np.nanmin(cargo) < -1.0
    assert (np.diff(cargo[ms > node]) <= 1e-9).all()


def test_a_body_that_is_told_a_higher_one_warms_while_its_unit_rests_and_comes_back() -> None:
    acted = hub((2, 0, SET_TEMPERATURE, AT, (7.5,)), (2, 0, RESUME, AT + HOUR, ()))
    ms = np.arange(AT, AT + 3 * HOUR, 10_000)
    told, usual = (one.seen("reefer_truck", 2, 0, ms) for one in (acted, hub()))
    off = told["return_air_temperature"] - usual["return_air_temperature"]
    assert 1.5 < off.max() < 3.5
    rests = (ms > AT + 6 * MINUTE) & (ms < AT + HOUR) & (told["refrigeration_mode"] != 3)
    assert (told["refrigeration_mode"][rests] == 2).all()
    assert off[-1] == pytest.approx(0.0, abs=0.02)
    assert (told["setpoint_temperature"][ms >= AT + HOUR] == 4.0).all()
    assert (np.abs(np.diff(off)) < 0.12).all()


def test_a_set_point_is_kept_for_the_next_round() -> None:
    acted = hub((3, 0, SET_TEMPERATURE, 20 * HOUR, (2.0,)))
    ms = np.arange(DAY_MS + 5 * HOUR, DAY_MS + 7 * HOUR, MINUTE)
    told, usual = (one.seen("reefer_truck", 3, 0, ms) for one in (acted, hub()))
    assert (told["setpoint_temperature"] == 2.0).all()
    assert told["return_air_temperature"] - usual["return_air_temperature"] == pytest.approx(-2.0, abs=0.05)
    for name in ("odometer", "fuel_used", "tru_hours"):
        assert (told[name] == usual[name]).all()


def test_parcels_in_the_lorry_feel_it() -> None:
    acted, plain = hub((0, 0, SET_TEMPERATURE, 3 * HOUR, (11.0,))), hub()
    felt = []
    ms = np.arange(3 * HOUR, 9 * HOUR, MINUTE)
    for unit in range(3):
        told, usual = (one.seen("parcel_logger", 0, unit, ms) for one in (acted, plain))
        carried = told["custody"] == 1
        felt.append((told["temperature"] - usual["temperature"])[carried].max())
        assert np.abs(told["temperature"] - usual["temperature"])[told["custody"] == 0].max(initial=0.0) < 1e-6
        assert told["minutes_out_of_range"][-1] >= usual["minutes_out_of_range"][-1]
    assert max(felt) > 1.0


def test_goods_are_not_frozen_nor_warmed() -> None:
    plain = hub()
    assert plain.refusal("reefer_truck", (1, 0, SET_TEMPERATURE, AT, (-1.0,))) == "goods"
    assert plain.refusal("reefer_truck", (1, 0, SET_TEMPERATURE, AT, (9.0,))) == "goods"
    assert plain.refusal("reefer_truck", (1, 0, SET_TEMPERATURE, AT, (3.0,))) is None
    assert plain.refusal("reefer_truck", (1, 0, SET_TEMPERATURE, 22 * HOUR, (-1.0,))) is None
    assert plain.refusal("reefer_truck", (CELLS - 1, 0, RESUME, AT, ())) is None
