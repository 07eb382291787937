"""The energy page asks only for what the sector measures, in its units."""

import pytest

from park.panel import Panel, View
from sectors.energy.catalogue import SECTOR
from sectors.energy.panels import DASHBOARD

KINDS = {kind.name: kind for kind in SECTOR.kinds}


@pytest.mark.parametrize("panel", DASHBOARD.panels, ids=lambda panel: panel.title)
def test_a_panel_shows_channels_in_their_unit(panel: Panel) -> None:
    channels = [KINDS[panel.measurement].channel[name] for name in panel.fields]
    assert channels
    if panel.view not in {View.TABLE, View.STATES}:
        assert {channel.unit for channel in channels} == {panel.unit or channels[0].unit}
    assert set(panel.labels) <= set(panel.fields)


def test_every_kind_is_on_the_page_but_the_turbine_whose_power_the_site_meter_shows() -> None:
    assert {panel.measurement for panel in DASHBOARD.panels} == set(KINDS) - {"wind_turbine"}


def test_the_page_tells_its_story_row_by_row() -> None:
    assert all(panel.story and panel.title for panel in DASHBOARD.panels)
    assert len({panel.title for panel in DASHBOARD.panels}) == len(DASHBOARD.panels)
