"""Valves that are told to open and close: water, meter and soil follow, and they refuse what does harm."""

import numpy as np
import pytest

from park.event import Phase
from park.model import DAY_MS, NO_ORDERS
from sectors.agriculture.catalogue import CLOSE, OPEN, RESUME, SET_HUMIDITY, SET_TEMPERATURE
from sectors.agriculture.soil import soil_day
from tests.reference.walk import world_of
from tests.sectors.acted import CELLS, HOUR, MINUTE, SECOND, SEED, Acted, Said, model_of

SUMMER, WINTER = 190, 15
NIGHT = 15 * HOUR + 12 * MINUTE + 345
AT = 9 * HOUR + 12 * MINUTE + 345


def farm(*said: Said, day: int = SUMMER) -> Acted:
    return Acted(sector="agriculture", day=day, said=said)


def test_a_zone_is_watered_for_just_as_long_as_it_was_told() -> None:
    acted = farm((1, 1, OPEN, AT, (10,)))
    rate = acted.states[0].pipes.day.flow[1, 1]
    ms = [AT - 1, AT, AT + 5 * MINUTE, AT + 10 * MINUTE - 1, AT + 10 * MINUTE, AT + HOUR]
    seen = acted.seen("irrigation_valve", 1, 1, ms)
    assert seen["valve_open"].tolist() == [0, 1, 1, 1, 0, 0]
    assert seen["water_flow"][1:4] == pytest.approx(rate, rel=0.05)
    assert seen["water_flow"][[0, 4, 5]].tolist() == [0, 0, 0]
    poured = seen["water_total"] - seen["water_total"][0]
    assert poured == pytest.approx(rate * np.array([0, 0, 5, 10, 10, 10]) / 60, abs=2e-4)
    assert seen["water_pressure"][1] < seen["water_pressure"][0] - 10


def test_closing_ends_it_and_opening_again_moves_the_end() -> None:
    for said, minutes in (
        (((2, 0, OPEN, AT, (60,)), (2, 0, CLOSE, AT + 7 * MINUTE, ())), 7),
        (((2, 0, OPEN, AT, (20,)), (2, 0, OPEN, AT + 10 * MINUTE, (30,))), 40),
    ):
        acted = farm(*said)
        rate = acted.states[0].pipes.day.flow[2, 0]
        total = acted.seen("irrigation_valve", 2, 0, [AT - 1, AT + 3 * HOUR])["water_total"]
        assert np.diff(total)[0] == pytest.approx(rate * minutes / 60, abs=1e-6)


def test_the_soil_grows_wetter_from_the_next_half_hour_on_and_only_where_it_is_watered() -> None:
    acted, plain = farm((1, 1, OPEN, AT, (60,))), farm()
    ms = np.arange(AT - HOUR, AT + 4 * HOUR, MINUTE)
    for unit in range(6):
        told, usual = (one.seen("soil_probe", 1, unit, ms)["soil_moisture"] for one in (acted, plain))
        assert (told[ms < AT] == usual[ms < AT]).all()
        if unit % 2 == 0:
            assert (told == usual).all()
    shallow = max(range(1, 6, 2), key=lambda unit: acted.seen("soil_probe", 1, unit, [AT + 3 * HOUR])["soil_moisture"])
    told, usual = (one.seen("soil_probe", 1, shallow, ms)["soil_moisture"] for one in (acted, plain))
    assert (told - usual)[-1] > 0.003
    assert (told - usual)[ms < 9 * HOUR + 30 * MINUTE].max() == 0


def test_all_the_water_that_is_metered_enters_the_soil() -> None:
    late = DAY_MS - 20 * MINUTE
    acted = farm((0, 0, OPEN, AT, (33,)), (3, 1, OPEN, late, (50,)), (0, 1, OPEN, late, (10,)))
    model, state = model_of("agriculture"), acted.states[0]
    carry, world = acted.carries, world_of(SEED)
    fields, pipes = state.farm.fields, state.pipes
    told = {0: acted.orders.by_device((OPEN, CLOSE), cells=np.arange(CELLS), per_cell=2, world=world.day(SUMMER))}
    first = soil_day(model._setting, np.arange(CELLS), fields, carry[0], world.day(SUMMER), told=told[0])  # type: ignore[attr-defined]
    entered = first.irrigated[..., -1] + carry[1]["valve_told"].reshape(CELLS, 2, 4)[..., 3]
    metered = (carry[1]["water_total"] - carry[0]["water_total"]) / pipes.day.flow * pipes.day.depth_rate
    assert entered == pytest.approx(metered, abs=1e-9)
    second = model.advance(np.arange(CELLS), carry[1], world.day(SUMMER + 1), NO_ORDERS)
    assert not second["valve_told"].size


def test_a_valve_stays_open_over_four_in_the_morning_and_tells_one_run() -> None:
    late = DAY_MS - 10 * MINUTE
    acted = farm((3, 0, OPEN, late, (25,)))
    ms = [late, DAY_MS - 1, DAY_MS, DAY_MS + 15 * MINUTE - 1, DAY_MS + 15 * MINUTE]
    seen = acted.seen("irrigation_valve", 3, 0, ms)
    assert seen["valve_open"].tolist() == [1, 1, 1, 1, 0]
    assert (np.diff(seen["water_total"]) >= 0).all()
    model, told = model_of("agriculture"), []
    for number, state in enumerate(acted.states):
        for some in model.tell("irrigation_valve", state):  # type: ignore[attr-defined]
            mine = (some.row == 3) & (some.unit == 0) & (some.ms + number * DAY_MS >= late)
            mine &= some.ms + number * DAY_MS <= DAY_MS + HOUR // 4
            told += [(some.phase, ms + number * DAY_MS) for ms in some.ms[mine].tolist()]
            if mine.any() and some.phase is Phase.END:
                whole = seen["water_total"][-1] - seen["water_total"][0]
                assert some.values["duration"][mine] == pytest.approx([1500.0])
                assert some.values["water_volume"][mine] == pytest.approx([whole])
    assert told == [(Phase.BEGIN, late), (Phase.END, DAY_MS + 15 * MINUTE)]


def test_what_a_valve_refuses() -> None:
    usual, cold = farm(), farm(day=WINTER)
    raining = world_of(SEED)
    assert usual.refusal("irrigation_valve", (1, 0, CLOSE, AT, ())) is None
    reasons = {cold.refusal("irrigation_valve", (1, 0, OPEN, hour * HOUR, (10,))) for hour in range(24)}
    assert "frost" in reasons
    wet = next(
        (day, int(np.argmax(raining.day(day).precipitation.min(axis=0))))
        for day in range(100, 260)
        if raining.day(day).precipitation.min(axis=0).max() > 2
    )
    assert farm(day=wet[0]).refusal("irrigation_valve", (1, 0, OPEN, wet[1] * 5 * MINUTE, (10,))) == "rain"


def test_a_weak_main_feeds_one_valve_at_a_time() -> None:
    found = set()
    for cell in range(CELLS):
        acted = farm((cell, 0, OPEN, AT, (60,)))
        pressure = acted.states[0].pipes.day
        weak = 2 * pressure.pressure_open[cell] - pressure.pressure[cell] < 150
        said = acted.refusal("irrigation_valve", (cell, 1, OPEN, AT + SECOND, (10,)))
        assert said == ("low-pressure" if weak else None)
        assert acted.refusal("irrigation_valve", (cell, 0, OPEN, AT + SECOND, (10,))) is None
        found.add(bool(weak))
    assert found


def test_a_greenhouse_is_warmed_and_aired_as_it_was_told() -> None:
    acted = farm((1, 0, SET_TEMPERATURE, NIGHT, (22.0, 30.0)), day=WINTER)
    cold = farm((1, 0, SET_TEMPERATURE, NIGHT, (5.0, 7.0)), day=WINTER)
    ms = np.arange(NIGHT - HOUR, NIGHT + 6 * HOUR, MINUTE)
    warm, cool, plain = (one.seen("greenhouse", 1, 0, ms) for one in (acted, cold, farm(day=WINTER)))
    node = (NIGHT // (5 * MINUTE) + 1) * 5 * MINUTE
    for seen in (warm, cool):
        for name, values in seen.items():
            assert (values[ms < node] == plain[name][ms < node]).all()
    soon = int(np.argmax(ms >= node + 5 * MINUTE))
    assert (warm["temperature"] - plain["temperature"])[soon] > 0.3
    assert (warm["heating_on"][ms >= node + 5 * MINUTE] == 1).all()
    later = ms > NIGHT + 3 * HOUR
    assert np.abs(warm["temperature"][later] - 22.0).max() < 3.0
    assert cool["temperature"][later].mean() < plain["temperature"][later].mean() - 2.0


def test_vents_open_against_damp() -> None:
    night = 20 * HOUR
    acted, plain = farm((2, 0, SET_HUMIDITY, night, (60.0,)), day=100), farm(day=100)
    ms = np.arange(night - HOUR, DAY_MS, MINUTE)
    told, usual = (one.seen("greenhouse", 2, 0, ms) for one in (acted, plain))
    after = ms > night + HOUR
    assert usual["relative_humidity"][after].mean() > 70
    assert told["vent_opening"][after].max() == pytest.approx(40.0, abs=1.0)
    assert told["relative_humidity"][after].mean() < usual["relative_humidity"][after].mean() - 3


def test_a_greenhouse_keeps_what_it_was_told_over_four_in_the_morning_and_forgets_it_when_told_to() -> None:
    late = 22 * HOUR
    acted = farm((3, 0, SET_TEMPERATURE, late, (20.0, 28.0)), day=WINTER)
    seen = acted.seen("greenhouse", 3, 0, np.arange(late, DAY_MS + 2 * HOUR, MINUTE))
    assert np.abs(np.diff(seen["temperature"])).max() < 1.5
    assert seen["temperature"][-30:].mean() > 17.0
    back = farm((3, 0, SET_TEMPERATURE, AT, (20.0, 28.0)), (3, 0, RESUME, AT + HOUR, ()), day=WINTER)
    assert not back.carries[1]["house_told"].size
    ms = np.arange(AT + 8 * HOUR, DAY_MS + HOUR, MINUTE)
    told, usual = (one.seen("greenhouse", 3, 0, ms)["temperature"] for one in (back, farm(day=WINTER)))
    assert np.abs(told - usual)[-HOUR // MINUTE :].max() == 0
    assert np.abs(told - usual).max() < 0.5


def test_what_a_greenhouse_refuses() -> None:
    usual = farm(day=WINTER)
    assert usual.refusal("greenhouse", (0, 0, SET_TEMPERATURE, AT, (20.0, 21.0))) == "crossed-set-points"
    assert usual.refusal("greenhouse", (0, 0, SET_TEMPERATURE, AT, (20.0, 24.0))) is None
    world = world_of(SEED)
    cold = next(day for day in range(40) if world.day(day).temperature[:, 252].max() < -0.5)
    assert farm(day=cold).refusal("greenhouse", (0, 0, SET_HUMIDITY, 21 * HOUR, (80.0,))) == "frost"
    assert farm().refusal("greenhouse", (0, 0, SET_HUMIDITY, AT, (80.0,))) is None
