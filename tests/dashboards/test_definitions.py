"""Dashboards follow from the sectors' folders, whoever is among them."""

import pytest

from dashboards.definitions import dashboards
from dashboards.errors import PanelError
from park.catalogue import Sector, ValueType
from park.panel import Dashboard, Panel, View
from sectors import KINDS, SECTOR_OF, SECTORS


def by_slug() -> dict[str, Dashboard]:
    return {page.slug: page for page in dashboards()}


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
    for kind in SECTORS[gone].kinds:
        monkeypatch.delitem(KINDS, kind.name)
        monkeypatch.delitem(SECTOR_OF, kind.name)
    monkeypatch.delitem(SECTORS, gone)
    assert gone not in by_slug()
    assert {panel.measurement for panel in by_slug()["park"].panels} <= {"", *KINDS}


def test_a_wrong_panel_names_its_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Panel(title="Wrong", story="", measurement="park_ingest", fields=("nothing",))
    page = Dashboard(slug="pipeline", title="", description="", panels=(wrong,))
    monkeypatch.setattr("dashboards.definitions.PIPELINE_DASHBOARD", page)
    with pytest.raises(PanelError, match=r"dashboard 'pipeline': panel 'Wrong'.*field 'nothing'"):
        dashboards()
