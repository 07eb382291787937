"""Dashboards follow from the sectors' folders, whoever is among them."""

import ast
from pathlib import Path

import pytest

from dashboards.definitions import dashboards
from dashboards.errors import PanelError
from dashboards.resolved import Page
from park.catalogue import Sector, ValueType
from park.panel import Dashboard, Panel, View
from sectors import KINDS, SECTOR_OF, SECTORS


def by_slug() -> dict[str, Page]:
    return {page.slug: page for page in dashboards()}


def without(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a sector out of the catalogue for the length of a test; the others stay in their order."""
    kinds = {name: kind for name, kind in KINDS.items() if SECTOR_OF[name].name != gone}
    monkeypatch.setattr("dashboards.measured.KINDS", kinds)
    sectors = {name: sector for name, sector in SECTORS.items() if name != gone}
    monkeypatch.setattr("dashboards.definitions.SECTORS", sectors)


def test_there_is_a_page_for_the_park_each_sector_and_the_pipeline() -> None:
    assert list(by_slug()) == ["park", *SECTORS, "pipeline"]


def test_a_sector_without_panels_has_a_whole_dashboard_at_once(made_up: Sector) -> None:
    page = by_slug()["made-up"]
    shown = {(panel.view, field) for panel in page.panels for field in panel.fields}
    for channel in made_up.kinds[0].channels:
        views = {view for view, field in shown if field == channel.name}
        if channel.type in {ValueType.BOOL, ValueType.TEXT}:
            assert views == {View.STATES}
        else:
            assert View.TIME_SERIES in views
    assert any(panel.rate_s for panel in page.panels if panel.fields == ("energy",))
    assert {panel.view for panel in page.panels if panel.fields == ("share",)} == {View.GAUGE, View.TIME_SERIES}


def test_channels_of_one_unit_share_a_chart(made_up: Sector) -> None:
    charts = [panel.fields for panel in by_slug()["made-up"].panels if panel.view is View.TIME_SERIES]
    assert ("level", "depth") in charts


def test_a_new_sector_is_on_the_first_page(made_up: Sector) -> None:
    assert any(panel.measurement == "made_up" for panel in by_slug()["park"].panels)


@pytest.mark.parametrize("gone", list(SECTORS))
def test_the_first_page_does_without_any_sector(gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(gone, monkeypatch)
    assert gone not in by_slug()
    left = {kind.name for sector in SECTORS.values() if sector.name != gone for kind in sector.kinds}
    assert {panel.measurement for panel in by_slug()["park"].panels} <= {"", *left}


def test_a_sector_says_which_of_its_panels_stand_for_it(monkeypatch: pytest.MonkeyPatch, made_up: Sector) -> None:
    shown = [
        Panel(title=f"{view.value} {i}", story="", measurement="made_up", fields=("level",), view=view, highlight=i > 7)
        for view in (View.STAT, View.TIME_SERIES)
        for i in range(10)
    ]
    weather = Panel(title="Rain of the made-up", story="", measurement="made_up", fields=("level",))
    own = Dashboard(description="", panels=tuple(shown), icon="pets", weather=(weather,))
    monkeypatch.setattr("dashboards.rules.dashboard", lambda _: own)
    found = by_slug()
    assert found["made-up"].icon == "pets"
    first = [panel.title for panel in found["park"].panels if panel.measurement == "made_up"]
    charts = ["time series 8", "time series 9", "time series 0"]
    assert first == ["stat 8", "stat 9", *charts]  # another sector's panels show the weather already
    without("agriculture", monkeypatch)
    first = [panel.title for panel in by_slug()["park"].panels if panel.measurement == "made_up"]
    assert first == ["stat 8", "stat 9", "Rain of the made-up", *charts]


def test_the_code_of_the_dashboards_names_no_sector_and_no_kind() -> None:
    said = {
        node.value
        for file in (Path(__file__).parents[2] / "dashboards").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert "park_ingest" in said
    assert said.isdisjoint({*SECTORS, *KINDS})


def test_a_wrong_panel_names_its_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Panel(title="Wrong", story="", measurement="park_ingest", fields=("nothing",))
    page = Dashboard(description="", panels=(wrong,))
    monkeypatch.setattr("dashboards.definitions.PIPELINE_DASHBOARD", page)
    with pytest.raises(PanelError, match=r"dashboard 'pipeline': panel 'Wrong'.*field 'nothing'"):
        dashboards()
