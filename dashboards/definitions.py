"""Every dashboard of the park, found by looking: a sector's own panels, or those that the rules make."""

import dataclasses
import importlib
import importlib.util
from collections.abc import Iterable

from dashboards import rules
from dashboards.errors import PanelError
from dashboards.pipeline import PIPELINE_DASHBOARD
from dashboards.sources.shape import shape
from park.catalogue import Sector
from park.panel import Aggregate, Dashboard, Panel, View
from sectors import KINDS, SECTORS

_TILES = 2
_CHARTS = 3

# The first of a sector's panels stand for it, but these before them.
_STRONG = {
    "Air temperature",
    "Soil moisture",
    "Solar power now",
    "Consumption now",
    "Mean traffic speed",
    "People on the buses",
    "Greenhouse temperature",
    "Soil moisture by site",
    "Soil temperature",
}


def _weather(title: str, story: str, fields: dict[str, str], unit: str, decimals: int) -> Panel:
    return Panel(
        title=title,
        story=story,
        measurement="weather_station",
        fields=tuple(fields),
        across=Aggregate.MEAN,
        unit=unit,
        low=None if unit == "Cel" else 0.0,
        decimals=decimals,
        width=8,
        height=7,
        labels=fields,
    )


_WEATHER = (
    _weather("Sun", "A cloud's dent shows in the roofs' power below.", {"solar_radiation": "Radiation"}, "W/m2", 0),
    _weather("Air temperature", "Cold and heat drive the buildings' load.", {"temperature": "Air"}, "Cel", 1),
    _weather("Wind", "Mean of the stations, turbulence included.", {"wind_speed": "Wind"}, "m/s", 1),
)


def dashboards() -> tuple[Dashboard, ...]:
    """The park at a glance, each sector, and the pipeline; every panel held against the catalogue.

    Raises:
        PanelError: it names the dashboard, the panel and the key.
    """
    sectors = [(sector, of_sector(sector)) for sector in SECTORS.values()]
    found = (at_a_glance(sectors), *(page for _, page in sectors), PIPELINE_DASHBOARD)
    slugs = [page.slug for page in found]
    if twice := {slug for slug in slugs if slugs.count(slug) > 1}:
        raise PanelError(f"dashboard {min(twice)!r} is defined twice: a slug is an address")
    for page in found:
        _check(page)
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
    """The first figures of every sector in one strip, and the first charts of each."""
    panels: list[Panel] = [_heading("The town now", "The newest reading of every device.")]
    for _, page in sectors:
        tiles = _strongest(panel for panel in page.panels if panel.view in {View.STAT, View.GAUGE})
        panels += [dataclasses.replace(panel, width=4, height=5) for panel in tiles[:_TILES]]
    if weather := [panel for panel in _WEATHER if panel.measurement in KINDS]:
        panels.append(_heading("One weather", "Every sector feels the same sun, wind and rain."))
        panels += weather
    for sector, page in sectors:
        charts = _strongest(
            panel for panel in page.panels if panel.view is View.TIME_SERIES and "device" not in panel.by
        )
        panels.append(_heading(sector.title, sector.description))
        panels += [dataclasses.replace(panel, width=8, height=8) for panel in charts[:_CHARTS]]
    return Dashboard(
        slug="park",
        title="The park at a glance",
        description="One town, one weather: how its sectors move together.",
        panels=tuple(panels),
    )


def _strongest(panels: Iterable[Panel]) -> list[Panel]:
    return sorted(panels, key=lambda panel: panel.title not in _STRONG)


def _heading(title: str, story: str) -> Panel:
    return Panel(title=title, story=story, view=View.HEADING)


def _check(page: Dashboard) -> None:
    for panel in page.panels:
        if panel.view is not View.HEADING:
            try:
                shape(panel)
            except PanelError as error:
                raise PanelError(f"dashboard {page.slug!r}: {error}") from None
