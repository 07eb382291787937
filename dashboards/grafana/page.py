"""A page as Grafana's dashboard: its heading, variables and links, and where the panels stand."""

import dataclasses
import json
import math

from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from dashboards.grafana.annotations import of_page
from dashboards.grafana.query import DATASOURCE, targets
from dashboards.grafana.town import place_map
from dashboards.grafana.views import BUILDERS, COLORS, NEUTRAL
from dashboards.layout import Position, place
from dashboards.measured import Measured
from dashboards.ramp import ramp
from dashboards.resolved import Page, ResolvedPanel
from dashboards.sources import influxql_devices
from dashboards.sources.influxql_rollup import ROLLUP, which_rollup
from park.panel import View

TAG = "park"


def uid(slug: str) -> str:
    """The uid of a dashboard, and so its address in Grafana."""
    return f"park-{slug}"


def panel_id(page: Page, panel: ResolvedPanel) -> int:
    """The number of one of the page's panels in its dashboard."""
    return next(number for number, one in enumerate(page.panels, start=1) if one is panel)


def render(page: Page, *, timezone: str = "browser") -> str:
    """The dashboard's JSON, the same for the same definition.

    Args:
        page: what to render.
        timezone: in which times are shown: "browser", "utc" or an IANA name.
    """
    builder = (
        dashboard_builders.Dashboard(page.title)
        .uid(uid(page.slug))
        .description(page.description)
        .tags([TAG, page.slug])
        .refresh("10s")
        .time(_since(page.span_s), "now")
        .timezone(timezone)
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_links())
        .readonly()
    )
    for variable in (_site_variable(page), _rollup_variable(page), *_spacing_variables(page)):
        if variable is not None:
            builder = builder.with_variable(variable)
    builder = builder.annotations(of_page(page))
    top = place_map(builder, len(page.panels) + 1) if page.of_town else 0
    for number, at in enumerate(place(page.panels), start=1):
        _add(builder, dataclasses.replace(at, y=at.y + top), number)
    return json.dumps(builder.build(), cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _since(span_s: int) -> str:
    return f"now-{span_s // 3600}h" if span_s % 3600 == 0 else f"now-{span_s // 60}m"


def _links() -> dashboard_builders.DashboardLink:
    return (
        dashboard_builders.DashboardLink("The park")
        .type(dashboard.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .icon("external link")
        .tooltip("The other dashboards of the park")
        .as_dropdown(False)  # noqa: FBT003  (the SDK's only form)
        .include_vars(True)  # noqa: FBT003
        .keep_time(True)  # noqa: FBT003
        .target_blank(False)  # noqa: FBT003
    )


def _site_variable(page: Page) -> dashboard_builders.QueryVariable | None:
    if not any("site" in panel.stored.tags for panel in page.panels):
        return None
    everything = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        dashboard_builders.QueryVariable("site")
        .label("Site")
        .description("Show these sites alone")
        .datasource(DATASOURCE)
        .query(influxql_devices.sites(page.sector.name if page.sector else None))
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)  # noqa: FBT003
        .include_all(True)  # noqa: FBT003
        .all_value(".*")
        .current(everything)
    )


def _rollup_variable(page: Page) -> dashboard_builders.QueryVariable | None:
    """The end of the measurements' names for the range: empty for readings, which it also is without an answer."""
    kinds = {panel.stored.name for panel in page.panels if panel.stored.is_kind}
    if not kinds:
        return None
    return (
        dashboard_builders.QueryVariable(ROLLUP)
        .description("Readings, or rollups of 5 minutes or an hour, by the range and what is stored")
        .hide(dashboard.VariableHide.HIDE_VARIABLE)
        .datasource(DATASOURCE)
        .query(which_rollup(kinds))
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .current(dashboard.VariableOption(selected=True, text="", value=""))
    )


def _spacing_variables(page: Page) -> list[dashboard_builders.QueryVariable]:
    """How often devices report, by the readings in the range: a hidden variable for each measurement."""
    found = {
        panel.stored.name: panel.stored
        for panel in page.panels
        if panel.view is not View.HEADING and panel.stored.is_regular
    }
    return [
        dashboard_builders.QueryVariable(_spacing(name))
        .description("The least interval of its panels, in seconds, by what is stored")
        .hide(dashboard.VariableHide.HIDE_VARIABLE)
        .datasource(DATASOURCE)
        .query(influxql_devices.spacing(stored, twice=True, suffix=f"${ROLLUP}" if stored.is_kind else ""))
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .current(_catalogue(stored))  # until the first answer comes
        for name, stored in found.items()
    ]


def _catalogue(stored: Measured) -> dashboard.VariableOption:
    seconds = f"{2 * math.ceil(stored.interval_s) + 4}"
    return dashboard.VariableOption(selected=True, text=seconds, value=seconds)


def _least(stored: Measured) -> str:
    """The least interval of a panel."""
    return f"${_spacing(stored.name)}" if stored.is_regular else f"{math.ceil(stored.interval_s)}s"


def _spacing(measurement: str) -> str:
    """The variable's name."""
    return f"every_{measurement}"


def _add(page: dashboard_builders.Dashboard, at: Position[ResolvedPanel], number: int) -> None:
    grid = dashboard.GridPos(x=at.x, y=at.y, w=at.width, h=at.height)
    if at.panel.view is View.HEADING:
        page.with_row(dashboard_builders.Row(at.panel.title).id(number).grid_pos(grid))
        return
    builder = BUILDERS[at.panel.view](at.panel)
    builder.id(number).title(at.panel.title).description(at.panel.story).grid_pos(grid).datasource(DATASOURCE)
    builder.thresholds(_thresholds(at.panel)).interval(_least(at.panel.stored))
    if at.panel.decimals is not None and at.panel.view is not View.TABLE:
        builder.decimals(at.panel.decimals)
    if at.panel.last_s is not None:
        builder.time_from(f"{at.panel.last_s // 60}m")
    for target in targets(at.panel):
        builder.with_target(target)
    page.with_panel(builder)


def _thresholds(panel: ResolvedPanel) -> dashboard_builders.ThresholdsConfig:
    colors = ramp(panel) or [
        (step.value, COLORS[step.level]) for step in sorted(panel.thresholds, key=lambda step: step.value)
    ]
    steps = [dashboard.Threshold(value=None, color=panel.ramp[0] if ramp(panel) else NEUTRAL)]
    steps += [dashboard.Threshold(value=value, color=color) for value, color in colors]
    builder = dashboard_builders.ThresholdsConfig()
    return builder.mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
