"""Grafana's JSON: whole, within the rules, and up to date."""

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

ROOT = Path(__file__).parents[2]
PAGES = dashboards()
VARIABLES = re.compile(r"\$\w+|\$\{|\[\[")
ALLOWED = {"$timeFilter", "$__interval", "$site"}


@pytest.fixture(params=PAGES, ids=lambda page: page.slug)
def page(request: pytest.FixtureRequest) -> Page:
    found: Page = request.param
    return found


def rendered(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(grafana.render(page))
    return found


def panels(page: Page) -> list[dict[str, Any]]:
    return [panel for panel in rendered(page)["panels"] if panel["type"] != "row"]


def test_the_json_is_a_dashboard_of_the_sdk(page: Page) -> None:
    whole = rendered(page)
    read = sdk.Dashboard.from_json(whole)
    assert read.uid == f"park-{page.slug}"
    assert read.panels is not None
    assert len(read.panels) == len(page.panels)


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
    assert [name for name in names if not name.startswith("every_")] == (["site"] if sited else [])


def test_no_interval_is_shorter_than_the_devices_own(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    variables = {variable["name"]: variable for variable in rendered(page)["templating"]["list"]}
    for panel, drawn in zip(shown, panels(page), strict=True):
        if not panel.stored.is_regular:
            assert drawn["interval"] == f"{panel.stored.interval_s:g}s"
            continue
        variable = variables[drawn["interval"].removeprefix("$")]
        assert f'FROM "{panel.measurement}" WHERE $timeFilter' in variable["query"]
        assert variable["query"].count("$") == 1  # Grafana expands the first alone
        assert variable["hide"] == sdk.VariableHide.HIDE_VARIABLE.value
        assert int(variable["current"]["value"]) > 2 * panel.stored.interval_s


def test_only_states_have_intervals_that_have_just_begun(page: Page) -> None:
    shown = [panel for panel in page.panels if panel.view is not View.HEADING]
    for panel, drawn in zip(shown, panels(page), strict=True):
        for target in drawn["targets"]:
            assert ("time($__interval)" in target["query"]) == (panel.view is View.STATES), panel.title


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
