"""The first page's head: what is said of what fires, and where things stand on the drawing."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.alerting.course import Firing
from dashboards.alerting.rules import rules
from dashboards.definitions import dashboards
from dashboards.viewer.drawing import Drawing, Tile, Track, worst
from dashboards.viewer.overview import by_rule, since, where
from dashboards.viewer.places import Ground, Spot
from dashboards.viewer.yesterday import difference
from park.town import Lake

RULES = {rule.alert.name: rule for rule in rules(dashboards())}
NOON = 1_782_878_400_000
MINUTE = 60_000
TILES = {"energy": Tile(href="/energy", title="Energy", icon="bolt")}


def firing(name: str, device: str = "bus-000001", site: str = "binhu", minutes: int = 10, value: float = 1.0) -> Firing:
    labels = {"device": device, "site": site} if device else {}
    return Firing(rule=RULES[name], labels=labels, since=NOON - minutes * MINUTE, older=False, until=None, value=value)


def test_what_fires_is_told_by_rule_the_longest_first() -> None:
    fires = [firing("jam", "a", minutes=5), firing("bus-late", "b"), firing("jam", "c", minutes=50)]
    groups = by_rule(fires)
    assert [[one.labels["device"] for one in group] for group in groups] == [["c", "a"], ["b"]]
    assert since(groups[0], 8 * 3_600_000) == "since 11:10"


def test_what_has_fired_for_longer_than_was_looked_says_so() -> None:
    one = firing("jam")
    older = Firing(rule=one.rule, labels=one.labels, since=one.since, older=True, until=None, value=None)
    assert since([older], 0) == "since before 03:50"


def test_a_rule_names_the_first_few_and_counts_the_rest() -> None:
    group = [firing("jam", f"detector-{number}", value=12.5) for number in range(5)]
    said = where(group)
    assert said.startswith("detector-0 at binhu · 12.5 km/h, detector-1 at binhu")
    assert said.endswith("and 2 more")


def test_a_state_and_a_silence_have_no_figure() -> None:
    assert where([firing("cash-out", "cash-machine-000001")]) == "cash-machine-000001 at binhu"
    assert where([firing("silent-bus")]) == "bus-000001 at binhu"
    assert where([firing("ingester-silent", "", "")]) == ""


def test_names_of_strangers_have_no_controls() -> None:
    assert where([firing("silent-bus", "bus\x1b[2J", "a\u202eb")]) == "bus\\x1b[2J at a\\u202eb"


def test_the_worst_of_a_device_colours_it() -> None:
    fires = [firing("bus-late", "a"), firing("jam", "a"), firing("bus-late", "b"), firing("ingester-silent", "")]
    assert worst(fires) == {"a": "warning", "b": "notice"}


@pytest.mark.parametrize(
    ("value", "before", "said"),
    [
        (12.34, 11.0, "+1.3 on yesterday"),
        (10.0, 12.0, "\N{MINUS SIGN}2.0 on yesterday"),
        (10.0, 10.04, "as yesterday"),
        (10, None, ""),
        (None, 10, ""),
        ("on", "off", ""),
        (True, False, ""),
    ],
)
def test_a_figure_against_yesterday(value: float | str | None, before: float | str | None, said: str) -> None:
    assert difference(value, before, 1) == said


def spots(*sites: tuple[float, float], each: int = 5, spread: float = 0.01) -> list[Spot]:
    random = np.random.default_rng(1)
    return [
        Spot(
            device=f"site-meter-{number:06d}",
            kind="site_meter",
            sector="energy",
            site=f"site-{row}",
            latitude=north + spread * float(random.uniform(-1, 1)),
            longitude=east + spread * float(random.uniform(-1, 1)),
        )
        for row, (north, east) in enumerate(sites)
        for number in range(row * each, (row + 1) * each)
    ]


FAR = ((31.57, 120.11), (31.68, 120.30), (31.49, 120.36), (31.53, 120.28))


@settings(max_examples=50, deadline=None)
@given(
    sites=st.lists(
        st.tuples(st.floats(31.0, 32.0), st.floats(119.5, 121.0)).map(lambda at: (round(at[0], 3), round(at[1], 3))),
        min_size=1,
        max_size=6,
        unique=True,
    )
)
def test_sites_grow_until_they_would_meet(sites: list[tuple[float, float]]) -> None:
    ground = Ground(spots(*sites))
    assert 1.0 <= ground.magnified <= 5.0
    if ground.magnified > 1.0:
        boxes = list(ground.sites.values())
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                beside = one.right < other.left or other.right < one.left
                assert beside or one.bottom < other.top or other.bottom < one.top


def test_a_site_keeps_its_place_and_north_is_up() -> None:
    found = spots(*FAR)
    ground = Ground(found)
    assert ground.magnified > 2
    plain = {site: ground.flat(*middle) for site, middle in zip(ground.sites, FAR, strict=True)}
    for site, box in ground.sites.items():
        assert box.middle == pytest.approx(plain[site], abs=1.5)
    assert ground.sites["site-1"].middle[1] < ground.sites["site-2"].middle[1]
    assert ground.sites["site-0"].middle[0] < ground.sites["site-2"].middle[0]


def drawing(found: Sequence[Spot]) -> Drawing:
    return Drawing(found, [Lake(latitude=31.2, longitude=120.14, radius_km=29.0)], TILES)


def test_the_drawing_shows_every_device_site_lake_and_sector() -> None:
    found = spots(*FAR)
    text = drawing(found).still([])
    assert text.count('class="park-spot ') == len(found)
    assert text.count("park-site-name") == 4
    assert text.count("park-lake") == 1
    assert text.count('href="/energy"') == 4
    assert "Energy at site-2: 5 devices" in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_devices_that_need_attention_and_vehicles_are_what_changes() -> None:
    found = spots(*FAR)
    tracks = [
        Track(device="bus-000001", site="site-2", points=((31.492, 120.362), (31.49, 120.36))),
        Track(device="bus-000002", site="site-2", points=((31.492, 120.362), (31.49, 120.36), (31.6, 120.5))),
    ]
    drawn = drawing(found)
    fires = [firing("feeder-voltage", found[0].device), firing("bus-late", "bus-000001")]
    text = drawn.alive(tracks, fires)
    assert text.count('class="park-spot critical"') == 1
    assert text.count('class="park-vehicle notice"') == 1
    assert text.count("park-vehicle") == 1  # the other is beyond its site, where the drawing has another scale
    assert drawn.still(tracks).count("park-road") == 2
    frame = re.search(r'viewBox="0 0 (\d+) (\d+)"', text)
    assert frame is not None
    vehicle = re.search(r'park-vehicle[^>]*x="([\d.]+)" y="([\d.]+)"', text)
    assert vehicle is not None
    assert 0 <= float(vehicle[1]) <= float(frame[1])
    assert 0 <= float(vehicle[2]) <= float(frame[2])


def test_names_of_strangers_are_escaped() -> None:
    bad = '"><script>x</script>'
    spot = Spot(device=bad, kind="", sector="energy", site=bad, latitude=31.5, longitude=120.3)
    text = drawing([spot]).still([Track(device=bad, site=bad, points=((31.5, 120.3), (31.6, 120.3)))])
    assert "<script" not in text


def test_a_single_device_is_a_town_too() -> None:
    text = drawing(spots((31.5, 120.3), each=1)).still([])
    assert text.count('class="park-spot ') == 1
    assert "nan" not in text
