"""What pictures show of an answer: heat maps, scatters, roses, bars, boards and crowds."""

import dataclasses
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.errors import PanelError
from dashboards.ramp import between, ramp
from dashboards.resolved import ResolvedPanel, resolve
from dashboards.sources.base import Curve, Value, Window
from dashboards.viewer import boards, heat, pictures
from dashboards.viewer.names import short
from park.catalogue import Sector
from park.panel import Aggregate, Panel, Threshold, View

MINUTE = 60_000
WINDOW = Window(start=0, until=60 * MINUTE, interval=MINUTE)
LEVELS = (Threshold(value=0, level="good"), Threshold(value=20, level="warning"), Threshold(value=40, level="critical"))


def panel(view: View, *fields: str, **more: object) -> ResolvedPanel:
    settings: dict[str, object] = {"by": ("site", "device"), "thresholds": LEVELS, **more}
    return resolve(Panel(title="", story="", measurement="made_up", fields=fields, view=view, **settings))  # type: ignore[arg-type]


def curve(field: str, device: str, *values: Value, site: str = "north") -> Curve:
    tags = {"site": site, "device": device}
    return Curve(field=field, tags=tags, times=[i * MINUTE for i in range(len(values))], values=values)


def test_a_heat_map_has_a_row_for_each_device_and_a_cell_for_each_value(made_up: Sector) -> None:
    asked = panel(View.HEAT, "level", "open", aggregate=Aggregate.LAST)
    answer = [
        curve("level", "made-up-000002", 1.0, 2.0),
        curve("level", "made-up-000001", 3.0),
        curve("open", "made-up-000001", *(True, False)),
    ]
    drawn = heat.heat(asked, WINDOW, answer)
    assert drawn["yAxis"]["data"] == ["north 1", "north 2"]
    cells, marks = drawn["series"]
    assert sorted(cells["data"]) == [[0, 0, 3.0], [1, 0, 1.0], [1, MINUTE, 2.0]]
    assert marks["data"] == [[0, 0, 1]]
    assert [piece["label"] for piece in drawn["visualMap"]["pieces"]] == ["below 20", "20 to 40", "from 40 m"]


def test_a_scatter_and_a_rose_are_of_moments_that_have_both_numbers(made_up: Sector) -> None:
    asked = panel(View.SCATTER, "level", "depth")
    answer = [curve("level", "a", 1.0, 2.0, 3.0), curve("depth", "a", 10.0, 20.0), curve("level", "b", 1.0)]
    assert pictures.pairs(asked, answer) == {("north", "a"): [(1.0, 10.0), (2.0, 20.0)], ("north", "b"): []}
    (dots,) = pictures.scatter(asked, WINDOW, answer)["series"]
    assert dots["data"] == [[1.0, 10.0], [2.0, 20.0]]


@given(st.lists(st.tuples(st.floats(0, 360), st.floats(-10, 100)), min_size=1, max_size=50))
def test_a_roses_petals_are_all_of_the_time(points: list[tuple[float, float]]) -> None:
    asked = dataclasses.replace(_rose(), thresholds=LEVELS)
    winds, values = zip(*points, strict=True)
    first, second = asked.columns
    answer = [curve(first, "a", *winds), curve(second, "a", *values)]
    petals = pictures.rose(asked, WINDOW, answer)["series"]
    assert math.fsum(share for series in petals for share in series["data"]) == pytest.approx(100, abs=0.5)


def _rose() -> ResolvedPanel:
    asked = Panel(
        title="", story="", measurement="air_station", fields=("wind_direction", "no2"), by=("device",), view=View.ROSE
    )
    return resolve(asked)


def test_north_is_around_the_circles_ends() -> None:
    first, second = _rose().columns
    asked = dataclasses.replace(_rose(), thresholds=LEVELS)
    answer = [curve(first, "a", 350.0, 5.0, 90.0), curve(second, "a", 1.0, 1.0, 50.0)]
    good, _, critical = (series["data"] for series in pictures.rose(asked, WINDOW, answer)["series"])
    assert good[0] == pytest.approx(66.67)
    assert critical[4] == pytest.approx(33.33)  # east


def test_bars_begin_with_whoever_has_least(made_up: Sector) -> None:
    answer = [curve("level", "a", 5.0), curve("depth", "a", 1.0), curve("level", "b", 1.0), curve("depth", "b", 2.0)]
    drawn = pictures.bars(panel(View.BARS, "level", "depth"), answer)
    assert drawn["yAxis"]["data"] == ["north b", "north a"]
    assert [series["data"] for series in drawn["series"]] == [[1.0, 5.0], [2.0, 1.0]]


def test_a_board_begins_with_the_worst(made_up: Sector) -> None:
    answer = [curve("level", f"x-{i:06}", value) for i, value in enumerate((1.0, 45.0, 25.0))]
    shown = boards.board(panel(View.BOARD, "level"), answer)
    assert re.findall(r'<li class="(\w*)"', shown) == ["critical", "warning", "good"]
    assert re.findall(r"<span>([^<]*)</span>", shown) == ["north 1", "north 2", "north 0"]


def test_a_crowd_has_a_dot_for_each_person_and_grounds_in_proportion(made_up: Sector) -> None:
    asked = panel(View.CROWD, "visits", "share", "status", aggregate=Aggregate.LAST)
    answer = [
        *(curve("visits", "a", 40), curve("share", "a", 10.0), curve("status", "a", "busy")),
        *(curve("visits", "b", 9), curve("share", "b", 9.0), curve("status", "b", "idle")),
    ]
    first, second = boards.crowd(asked, answer).split("</li>")[:2]
    assert first.count("<circle") == 40
    assert second.count("<circle") == 9
    sides = [float(re.findall(r'width="([\d.]+)"', one)[0]) for one in (first, second)]
    assert sides == [100.0, 50.0]
    assert "<b>busy</b>" in first


def test_what_strangers_call_themselves_is_escaped(made_up: Sector) -> None:
    shown = boards.board(panel(View.BOARD, "level"), [curve("level", "<script>", 1.0, site='"><i>')])
    assert "<script>" not in shown
    assert "<i>" not in shown


@pytest.mark.parametrize(
    "wrong",
    [
        {"view": View.SCATTER, "fields": ("level",)},
        {"view": View.ROSE, "fields": ("level", "status")},
        {"view": View.CROWD, "fields": ("level", "status", "share")},
        {"view": View.HEAT, "fields": ("open", "level")},
        {"view": View.HEAT, "fields": ("level",), "ramp": ("#000000", "#ffffff")},
        {"view": View.TABLE, "fields": ("level",), "sort": "-depth"},
    ],
)
def test_a_picture_that_cannot_be_drawn_is_refused(wrong: dict[str, object], made_up: Sector) -> None:
    with pytest.raises(PanelError):
        resolve(Panel(title="", story="", measurement="made_up", **wrong))  # type: ignore[arg-type]


def test_names_are_short_beside_their_kind() -> None:
    assert short(("xishan", "bedside-monitor-000012")) == "xishan 12"
    assert short(("a", "b")) == "a b"


def test_colours_go_from_the_least_to_the_most(made_up: Sector) -> None:
    steps = ramp(panel(View.HEAT, "level", low=0, high=12, ramp=("#000000", "#ff0000", "#ffffff")))
    assert [value for value, _ in steps] == list(range(12))
    assert (steps[0][1], steps[-1][1]) == ("#000000", "#ffffff")
    assert between(("#000000", "#ff0000", "#ffffff"), 0.5) == "#ff0000"
    assert ramp(panel(View.HEAT, "level")) == []
