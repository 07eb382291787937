"""Signals that are told a plan: what they show, and the queues that follow."""

import numpy as np
import pytest

from park.event import Phase
from park.model import DAY_MS
from sectors.transport.catalogue import RESUME, SET_PLAN
from tests.sectors.acted import HOUR, MINUTE, SECOND, Acted, Said, model_of

WORKDAY = 12
AUTO, NIGHT, DAY, RUSH = range(4)
AT = 3 * HOUR + 2 * MINUTE + 777  # 07:02


def road(*said: Said) -> Acted:
    return Acted(sector="transport", day=WORKDAY, said=said)


def test_a_signal_shows_its_plan_from_the_millisecond_on() -> None:
    acted, plain = road((1, 0, SET_PLAN, AT, (NIGHT, 0.4)), (1, 0, RESUME, AT + HOUR, ())), road()
    told, usual = (one.seen("traffic_signal", 1, 0, [AT - 1, AT, AT + HOUR - 1, AT + HOUR]) for one in (acted, plain))
    assert told["cycle_time"].tolist() == [usual["cycle_time"][0], 70.0, 70.0, usual["cycle_time"][3]]
    own = usual["green_ratio"][0]
    assert told["green_ratio"].tolist() == [own, 0.4, 0.4, own]
    seconds = np.arange(AT + MINUTE, AT + 50 * MINUTE, SECOND)
    phase = acted.seen("traffic_signal", 1, 0, seconds)["phase"]
    assert (phase != 2).mean() == pytest.approx(0.4, abs=0.02)


def test_less_green_makes_a_queue_and_more_green_clears_it() -> None:
    plain = road()
    ms = np.arange(AT - HOUR, AT + 4 * HOUR, MINUTE)
    acted = road((2, 0, SET_PLAN, AT, (RUSH, 0.32)), (2, 0, SET_PLAN, AT + HOUR, (RUSH, 0.68)))
    told, usual = (one.seen("traffic_signal", 2, 0, ms) for one in (acted, plain))
    node = -(-AT // (5 * MINUTE)) * 5 * MINUTE
    assert (told["queue_length"] == usual["queue_length"])[ms < AT].all()
    later = (ms > AT + 40 * MINUTE) & (ms < AT + HOUR)
    assert told["queue_length"][later].mean() > usual["queue_length"][later].mean() + 15
    late = ms > AT + 3 * HOUR
    assert told["queue_length"][late].mean() < usual["queue_length"][late].mean() + 5
    for unit in range(6):
        loops, plainly = (one.seen("traffic_detector", 2, unit, ms) for one in (acted, plain))
        for name, values in loops.items():
            same = (values == plainly[name]) | (np.isnan(values) & np.isnan(plainly[name]))
            assert same[ms <= node].all()
        assert (np.diff(loops["vehicle_total"]) >= 0).all()


def test_all_vehicles_pass_in_the_end_and_registers_run_on_over_four_in_the_morning() -> None:
    acted, plain = road((0, 0, SET_PLAN, AT, (NIGHT, 0.38))), road()
    ms = np.array([DAY_MS - MINUTE, DAY_MS - 1, DAY_MS, DAY_MS + MINUTE])
    for unit in range(6):
        told, usual = (one.seen("traffic_detector", 0, unit, ms)["vehicle_total"] for one in (acted, plain))
        assert np.abs(told - usual).max() <= 1
        assert (np.diff(told) >= 0).all()
    assert acted.seen("traffic_signal", 0, 0, [DAY_MS + HOUR])["cycle_time"] == pytest.approx([70.0])
    back = road((0, 0, SET_PLAN, AT, (NIGHT, 0.38)), (0, 0, RESUME, AT + HOUR, ()))
    assert np.isnan(back.carries[1]["signal_green"]).all()
    assert (back.carries[1]["signal_plan"] == AUTO).all()


def test_jams_are_told_as_they_are_and_what_was_told_stays() -> None:
    model = model_of("transport")

    def jams(acted: Acted) -> list[tuple[int, int, Phase]]:
        told = model.tell("traffic_detector", acted.states[0])  # type: ignore[attr-defined]
        found = [
            (ms, unit, some.phase)
            for some in told
            for row, unit, ms in zip(some.row.tolist(), some.unit.tolist(), some.ms.tolist(), strict=True)
            if row == 2
        ]
        return sorted(found, key=lambda one: (one[0], one[1], one[2].value))

    blocked = (2, 0, SET_PLAN, AT, (RUSH, 0.3))
    plain, told = jams(road()), jams(road(blocked))
    more = jams(road(blocked, (2, 0, RESUME, AT + HOUR, ())))
    assert len(told) > len(plain)
    assert [one for one in told if one[0] < AT] == [one for one in plain if one[0] < AT]
    assert [one for one in more if one[0] < AT + HOUR] == [one for one in told if one[0] < AT + HOUR]
    assert more != told


def test_people_on_foot_get_their_time() -> None:
    plain = road()
    assert plain.refusal("traffic_signal", (1, 0, SET_PLAN, AT, (NIGHT, 0.68))) == "pedestrians"
    assert plain.refusal("traffic_signal", (1, 0, SET_PLAN, AT, (NIGHT, 0.32))) == "pedestrians"
    assert plain.refusal("traffic_signal", (1, 0, SET_PLAN, AT, (RUSH, 0.68))) is None
    assert plain.refusal("traffic_signal", (1, 0, RESUME, AT, ())) is None
