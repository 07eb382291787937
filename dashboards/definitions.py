"""Every dashboard of the park, found by looking: a sector's own panels, or those that the rules make."""

import dataclasses
import importlib
import importlib.util
from collections.abc import Iterable

from dashboards import rules
from dashboards.errors import PanelError
from dashboards.pipeline import PIPELINE_DASHBOARD
from dashboards.resolved import Page, page
from park.catalogue import Sector
from park.panel import Dashboard, Panel, View
from sectors import SECTORS

PARK = "park"
PIPELINE = "pipeline"
_TILES = 2
_CHARTS = 3


def dashboards() -> tuple[Page, ...]:
    """The park at a glance, each sector, and the pipeline; every panel held against the catalogue.

    Raises:
        PanelError: it names the dashboard, the panel and the key.
    """
    sectors = [(sector, of_sector(sector)) for sector in SECTORS.values()]
    found = (
        page(PARK, "The park at a glance", at_a_glance(sectors), of_town=True),
        *(page(sector.name, sector.title, own, sector) for sector, own in sectors),
        page(PIPELINE, "The pipeline", PIPELINE_DASHBOARD),
    )
    slugs = [one.slug for one in found]
    if twice := {slug for slug in slugs if slugs.count(slug) > 1}:
        raise PanelError(f"dashboard {min(twice)!r} is defined twice: a slug is an address")
    return found


def of_sector(sector: Sector) -> Dashboard:
    """The sector's `panels.DASHBOARD`, or what the rules make of its catalogue."""
    name = f"sectors.{sector.name.replace('-', '_')}.panels"
    if not _exists(name):
        return rules.dashboard(sector)
    own = importlib.import_module(name).DASHBOARD
    if not isinstance(own, Dashboard):
        raise PanelError(f"{name}: DASHBOARD must be a park.panel.Dashboard")
    return own


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a sector that was made without a folder
        return False


def at_a_glance(sectors: list[tuple[Sector, Dashboard]]) -> Dashboard:
    """The first figures of every sector in one strip, the weather, and the first charts of each."""
    panels: list[Panel] = [_heading("The town now", "The newest reading of every device.")]
    for _, own in sectors:
        tiles = _strongest(panel for panel in own.panels if panel.view in {View.STAT, View.GAUGE})
        panels += [dataclasses.replace(panel, width=4, height=5) for panel in tiles[:_TILES]]
    if weather := next((own.weather for _, own in sectors if own.weather), ()):  # there is one weather: one sector's do
        panels.append(_heading("One weather", "Every sector feels the same sun, wind and rain."))
        panels += weather
    for sector, own in sectors:
        charts = _strongest(
            panel for panel in own.panels if panel.view is View.TIME_SERIES and "device" not in panel.by
        )
        panels.append(_heading(sector.title, sector.description))
        panels += [dataclasses.replace(panel, width=8, height=8) for panel in charts[:_CHARTS]]
    return Dashboard(
        description="One town, one weather: how its sectors move together.", panels=tuple(panels), icon="dashboard"
    )


def _strongest(panels: Iterable[Panel]) -> list[Panel]:
    return sorted(panels, key=lambda panel: not panel.highlight)


def _heading(title: str, story: str) -> Panel:
    return Panel(title=title, story=story, view=View.HEADING)
