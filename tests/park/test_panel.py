"""A panel is plain data: comparable, unchangeable, complete with few words."""

import dataclasses

import pytest

from park.panel import Aggregate, Dashboard, Panel, View


def test_a_panel_needs_little_to_be_whole() -> None:
    panel = Panel(title="Soil", story="Sinks by day.", measurement="soil_probe", fields=("soil_moisture",))
    assert panel.view is View.TIME_SERIES
    assert panel.aggregate is Aggregate.MEAN
    assert panel.across is None
    assert panel == dataclasses.replace(panel)


def test_panels_and_dashboards_do_not_change() -> None:
    panel = Panel(title="Soil", story="")
    page = Dashboard(description="", panels=(panel,))
    with pytest.raises(dataclasses.FrozenInstanceError):
        panel.title = "Air"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        page.icon = "air"  # type: ignore[misc]


def test_a_dashboard_looks_back_a_day_unless_it_says_otherwise() -> None:
    page = Dashboard(description="", panels=())
    assert page.span_s == 24 * 3600
