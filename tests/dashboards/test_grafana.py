"""Grafana's JSON: whole, within the rules, and up to date."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from grafana_foundation_sdk.models import dashboard as sdk

from dashboards import build, grafana
from dashboards.definitions import dashboards
from dashboards.resolved import Page
from park.panel import View
from park.town import default_town
from sectors import SECTORS

ROOT = Path(__file__).parents[2]
PAGES = dashboards()
VARIABLES = re.compile(r"\$\w+|\$\{|\[\[")
ALLOWED = {"$timeFilter", "$__interval", "$site", "$rollup"}


@pytest.fixture(params=PAGES, ids=lambda page: page.slug)
def page(request: pytest.FixtureRequest) -> Page:
    found: Page = request.param
    return found


def rendered(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(grafana.render(page))
    return found


def panels(page: Page) -> list[dict[str, Any]]:
    """Those of the definitions: not the map, which stands above them."""
    return [panel for panel in rendered(page)["panels"] if panel["type"] not in {"row", "geomap"}]


def town_map() -> dict[str, Any]:
    (found,) = [one for one in rendered(PAGES[0])["panels"] if one["type"] == "geomap"]
    drawn: dict[str, Any] = found
    return drawn


def test_the_json_is_a_dashboard_of_the_sdk(page: Page) -> None:
    whole = rendered(page)
    read = sdk.Dashboard.from_json(whole)
    assert read.uid == f"park-{page.slug}"
    assert read.panels is not None
    assert len(read.panels) == len(page.panels) + page.of_town


def test_every_panel_asks_something_and_tells_its_story(page: Page) -> None:
    for panel in panels(page):
        assert panel["targets"], panel["title"]
        assert panel["description"], panel["title"]
        for target in panel["targets"]:
            assert target["rawQuery"] is True
            assert target["resultFormat"] in {"time_series", "table"}
            assert target["datasource"] == {"type": "influxdb", "uid": "park-influxdb"}


def test_queries_hold_the_allowed_variables_alone(page: Page) -> None:
    for panel in panels(page):
        for target in panel["targets"]:
            assert set(VARIABLES.findall(target["query"])) <= ALLOWED
            assert "$timeFilter" in target["query"]
            assert target["query"].count("$site") == target["query"].count("=~ /^$site$/")


def test_ids_are_unique_within_and_uids_between_dashboards() -> None:
    for page in PAGES:
        ids = [panel["id"] for panel in rendered(page)["panels"]]
        assert len(set(ids)) == len(ids)
    uids = [rendered(page)["uid"] for page in PAGES]
    assert len(set(uids)) == len(uids)


def test_sites_can_be_chosen_where_there_are_any(page: Page) -> None:
    names = [variable["name"] for variable in rendered(page)["templating"]["list"]]
    sited = any("site" in panel.stored.tags for panel in page.panels)
    kinds = any(panel.stored.is_kind for panel in page.panels)
    shared = (["site"] if sited else []) + (["rollup"] if kinds else [])
    assert [name for name in names if not name.startswith("every_")] == shared


def test_no_interval_is_shorter_than_the_devices_own(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    variables = {variable["name"]: variable for variable in rendered(page)["templating"]["list"]}
    for panel, drawn in zip(shown, panels(page), strict=True):
        if not panel.stored.is_regular:
            assert drawn["interval"] == f"{panel.stored.interval_s:g}s"
            continue
        variable = variables[drawn["interval"].removeprefix("$")]
        suffix = "$rollup" if panel.stored.is_kind else ""
        assert f'FROM "{panel.measurement}{suffix}" WHERE $timeFilter' in variable["query"]
        assert variable["query"].count("$timeFilter") == 1  # Grafana expands the first alone
        assert variable["hide"] == sdk.VariableHide.HIDE_VARIABLE.value
        assert int(variable["current"]["value"]) > 2 * panel.stored.interval_s


def test_what_is_rolled_up_is_asked_in_both_forms_of_the_measurement_for_the_range(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    variables = {variable["name"]: variable for variable in rendered(page)["templating"]["list"]}
    for panel, drawn in zip(shown, panels(page), strict=True):
        queries = [target["query"] for target in drawn["targets"]]
        asked = [query for query in queries if f'FROM "{panel.measurement}$rollup" WHERE' in query]
        if not panel.asked.rolls:
            assert not asked
            continue
        assert asked == queries
        half = len(queries) // 2
        for readings, rollups in zip(queries[:half], queries[half:], strict=True):
            assert not re.search(r"_(sum|count|min|max|last)\"\)", re.sub("|".join(panel.fields), "x", readings))
            assert re.search(r"_(sum|count|min|max|last)\"", rollups)
        variable = variables["rollup"]
        assert variable["hide"] == sdk.VariableHide.HIDE_VARIABLE.value
        assert variable["query"].count("$timeFilter") == 1
        assert variable["current"]["value"] == ""


def test_only_states_have_intervals_that_have_just_begun(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    for panel, drawn in zip(shown, panels(page), strict=True):
        for target in drawn["targets"]:
            assert ("time($__interval)" in target["query"]) == (panel.asked.over_time and panel.asked.is_state), (
                panel.title
            )


def test_the_first_page_begins_with_a_map_of_our_own() -> None:
    assert [page.slug for page in PAGES if page.of_town] == [PAGES[0].slug]
    drawn = town_map()
    assert drawn["gridPos"] == {"x": 0, "y": 0, "w": 24, "h": drawn["gridPos"]["h"]}
    others = [
        one["gridPos"]["y"] for one in rendered(PAGES[0])["panels"] if one is not drawn and one["type"] != "geomap"
    ]
    assert min(others) == drawn["gridPos"]["h"]
    layers = [drawn["options"]["basemap"], *drawn["options"]["layers"]]
    assert {layer["type"] for layer in layers} == {"geojson", "markers"}  # the others load tiles from elsewhere
    assert "://" not in json.dumps(drawn)
    assert drawn["options"]["basemap"]["config"]["src"] == f"public/maps/{build.MAP.name}"
    asked = {target["refId"]: target["query"] for target in drawn["targets"]}
    assert {layer["filterData"]["options"] for layer in layers[1:]} == asked.keys()
    for query in asked.values():
        assert set(VARIABLES.findall(query)) <= ALLOWED
        assert 'AS "latitude"' in query
        assert 'AS "longitude"' in query


def test_the_maps_drawing_is_geojson_of_the_towns_lakes_and_sites() -> None:
    town = default_town(SECTORS)
    whole = json.loads(grafana.geojson(town))
    assert whole["type"] == "FeatureCollection"
    features = whole["features"]
    assert len(features) == len(town.lakes) + 2 * len(town.sites)
    assert {one["properties"]["name"] for one in features} == {"", *(site.name for site in town.sites)}
    for one in features:
        if one["geometry"]["type"] == "Point":
            continue
        (ring,) = one["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        area = sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))
        assert area > 0  # outer rings go counter-clockwise by RFC 7946
        assert all(119 < east < 122 and 30 < north < 33 for east, north in ring)


def test_what_is_shown_of_the_last_minutes_is_asked_for_them_alone(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    for panel, drawn in zip(shown, panels(page), strict=True):
        wanted = None if panel.last_s is None else f"{panel.last_s // 60}m"
        assert drawn.get("timeFrom") == wanted


def test_tables_are_sorted_by_a_column_that_they_have(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    for panel, drawn in zip(shown, panels(page), strict=True):
        if panel.view is View.TABLE and panel.sort:
            (first,) = drawn["options"]["sortBy"]
            names = [*(panel.labels[field] for field in panel.columns), *(tag.capitalize() for tag in panel.by)]
            assert first["displayName"] in names
            assert first["desc"] == panel.sort.startswith("-")


def test_rendering_twice_gives_the_same_text(page: Page) -> None:
    assert grafana.render(page) == grafana.render(page)


def test_the_committed_files_are_those_that_the_definitions_give() -> None:
    stale = [str(path) for path in build.stale(ROOT)]
    assert not stale, f"run `park dashboards build`: {', '.join(stale)}"


def test_building_writes_what_is_missing_and_removes_what_is_no_more(tmp_path: Path) -> None:
    assert build.write(tmp_path)
    gone = tmp_path / build.OUT / "gone.json"
    gone.write_text("{}")
    (tmp_path / build.OUT / "park.json").write_text("{}")
    assert build.write(tmp_path) == sorted([build.OUT / "gone.json", build.OUT / "park.json"])
    assert not gone.exists()
    assert build.stale(tmp_path) == []
