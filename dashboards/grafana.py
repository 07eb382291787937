"""Dashboards as Grafana's JSON: the only file that knows it.

The SDK has no model of an InfluxQL query, so `InfluxQuery` is ours; everything else is the SDK's.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import gauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard

from dashboards import units
from dashboards.layout import Position, place
from dashboards.sources import influxql
from dashboards.sources.shape import measured
from dashboards.states import states
from park.catalogue import ValueType
from park.panel import Aggregate, Dashboard, Panel, View
from sectors import SECTORS

DATASOURCE = dashboard.DataSourceRef(type_val="influxdb", uid="park-influxdb")
TAG = "park"
COLORS = {"good": "green", "notice": "blue", "warning": "orange", "critical": "red"}
NEUTRAL = "text"
OFF = "#6e7a8a"
_PALETTE = (OFF, "green", "blue", "green", "orange", "purple", "yellow", "red", "super-light-blue")

#: A builder of any of the panel types; they share their methods but no class.
_Builder = Any


@dataclass(frozen=True, kw_only=True)
class InfluxQuery(variants.Dataquery):
    """A raw InfluxQL target."""

    ref_id: str
    query: str
    result_format: str
    alias: str = ""

    def to_json(self) -> dict[str, object]:
        """As Grafana's InfluxDB data source keeps it."""
        target: dict[str, object] = {
            "refId": self.ref_id,
            "datasource": DATASOURCE,
            "query": self.query,
            "rawQuery": True,
            "resultFormat": self.result_format,
        }
        return {**target, "alias": self.alias} if self.alias else target


@dataclass(frozen=True, kw_only=True)
class _Target(cog.Builder[variants.Dataquery]):
    query: InfluxQuery

    def build(self) -> variants.Dataquery:
        return self.query


def uid(slug: str) -> str:
    """The uid of a dashboard, and so its address in Grafana."""
    return f"park-{slug}"


def render(page: Dashboard, *, timezone: str = "browser") -> str:
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
    if variable := _site_variable(page):
        builder = builder.with_variable(variable)
    for number, at in enumerate(place(page.panels), start=1):
        _add(builder, at, number)
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


def _site_variable(page: Dashboard) -> dashboard_builders.QueryVariable | None:
    tags = {tag for panel in page.panels if panel.measurement for tag in measured(panel.measurement).tags}
    if "site" not in tags:
        return None
    everything = dashboard.VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        dashboard_builders.QueryVariable("site")
        .label("Site")
        .description("Show these sites alone")
        .datasource(DATASOURCE)
        .query(influxql.sites(page.slug if page.slug in SECTORS else None))
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(True)  # noqa: FBT003
        .include_all(True)  # noqa: FBT003
        .all_value(".*")
        .current(everything)
    )


def _add(page: dashboard_builders.Dashboard, at: Position, number: int) -> None:
    grid = dashboard.GridPos(x=at.x, y=at.y, w=at.width, h=at.height)
    if at.panel.view is View.HEADING:
        page.with_row(dashboard_builders.Row(at.panel.title).id(number).grid_pos(grid))
        return
    builder = _BUILDERS[at.panel.view](at.panel)
    builder.id(number).title(at.panel.title).description(at.panel.story).grid_pos(grid).datasource(DATASOURCE)
    builder.thresholds(_thresholds(at.panel)).interval(f"{measured(at.panel.measurement).interval_s:g}s")
    if at.panel.decimals is not None and at.panel.view is not View.TABLE:
        builder.decimals(at.panel.decimals)
    for target in _targets(at.panel):
        builder.with_target(target)
    page.with_panel(builder)


def _targets(panel: Panel) -> list[_Target]:
    form = "table" if panel.view is View.TABLE else "time_series"
    return [
        _Target(query=InfluxQuery(ref_id=chr(65 + i), query=text, result_format=form, alias=_alias(panel)))
        for i, text in enumerate(influxql.compile(panel))
    ]


def _alias(panel: Panel) -> str:
    """The legend: the group, the column, or both. InfluxQL's own alias patterns."""
    if panel.view is View.TABLE:
        return ""
    group = " ".join(f"$tag_{tag}" for tag in panel.by)
    return f"{group} · $col" if group and len(panel.fields) > 1 else group or "$col"


def _thresholds(panel: Panel) -> dashboard_builders.ThresholdsConfig:
    ordered = sorted(panel.thresholds, key=lambda step: step.value)
    steps = [dashboard.Threshold(value=None, color=NEUTRAL)]
    steps += [dashboard.Threshold(value=step.value, color=COLORS[step.level]) for step in ordered]
    builder = dashboard_builders.ThresholdsConfig()
    return builder.mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _color(mode: dashboard.FieldColorModeId) -> dashboard_builders.FieldColor:
    return dashboard_builders.FieldColor().mode(mode)


def _axis(builder: _Builder, panel: Panel) -> None:
    builder.unit(units.grafana(panel.unit))
    if panel.low is not None:
        builder.min(panel.low)
    if panel.high is not None:
        builder.max(panel.high)


def _newest() -> common_builders.ReduceDataOptions:
    return common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)  # noqa: FBT003


def _time_series(panel: Panel) -> _Builder:
    lines = len(panel.fields) > 1 or bool(panel.by)
    legend = common_builders.VizLegendOptions().placement(common.LegendPlacement.BOTTOM).calcs([])
    tooltip = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    builder = (
        timeseries.Panel()
        .legend(legend.display_mode(common.LegendDisplayMode.LIST).show_legend(lines))
        .tooltip(tooltip.sort(common.SortOrder.NONE if panel.stacked else common.SortOrder.DESCENDING))
        .draw_style(common.GraphDrawStyle.LINE)
        .line_interpolation(common.LineInterpolation.LINEAR)
        .line_width(1 if panel.stacked else 2)
        .fill_opacity(60 if panel.stacked else 12)
        .gradient_mode(common.GraphGradientMode.NONE if panel.stacked else common.GraphGradientMode.OPACITY)
        .show_points(common.VisibilityMode.NEVER)
        .span_nulls(3 * 1000 * measured(panel.measurement).interval_s)
        .color_scheme(_color(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )
    if panel.stacked:
        builder.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if panel.thresholds:
        style = common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        builder.thresholds_style(style)
    _axis(builder, panel)
    return builder


def _stat(panel: Panel) -> _Builder:
    colors = dashboard.FieldColorModeId.THRESHOLDS if panel.thresholds else dashboard.FieldColorModeId.FIXED
    color = _color(colors) if panel.thresholds else _color(colors).fixed_color("blue")
    builder = (
        stat.Panel()
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .text_mode(common.BigValueTextMode.AUTO if panel.by else common.BigValueTextMode.VALUE)
        .reduce_options(_newest())
        .color_scheme(color)
    )
    if panel.across is Aggregate.SUM:
        builder.no_value("0")
    _axis(builder, panel)
    return builder


def _gauge(panel: Panel) -> _Builder:
    builder = gauge.Panel().reduce_options(_newest()).show_threshold_markers(bool(panel.thresholds))
    scheme = dashboard.FieldColorModeId.THRESHOLDS
    builder.color_scheme(
        _color(scheme) if panel.thresholds else _color(dashboard.FieldColorModeId.FIXED).fixed_color("blue")
    )
    _axis(builder, panel)
    return builder


def _states(panel: Panel) -> _Builder:
    legend = common_builders.VizLegendOptions().placement(common.LegendPlacement.BOTTOM).calcs([])
    return (
        statetimeline.Panel()
        .merge_values(True)  # noqa: FBT003
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(80)
        .legend(legend.display_mode(common.LegendDisplayMode.LIST).show_legend(True))  # noqa: FBT003
        .mappings([_mapping(panel)])
        .color_scheme(_color(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )


def _mapping(panel: Panel) -> dashboard.ValueMap:
    """Every state's colour, so that it is the same in every panel and on every day."""
    options = {
        state.value: dashboard.ValueMappingResult(text=state.text, color=state.color(_PALETTE, COLORS), index=i)
        for i, state in enumerate(states(panel))
    }
    return dashboard.ValueMap(options=options)


def _table(panel: Panel) -> _Builder:
    builder = (
        table.Panel()
        .show_header(True)  # noqa: FBT003
        .cell_height(common.TableCellHeight.SM)
        .filterable(True)  # noqa: FBT003
        .color_scheme(_color(dashboard.FieldColorModeId.FIXED).fixed_color(NEUTRAL))
    )
    # Grafana gets the tags in no order.
    columns = [*panel.by, *(influxql.column(panel, field) for field in panel.fields)]
    order = {name: place for place, name in enumerate(columns)}
    titles = {tag: tag.capitalize() for tag in panel.by}
    options = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": titles}
    builder.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))
    channels = measured(panel.measurement).channels
    for field in panel.fields:
        if channels[field].type in {ValueType.FLOAT, ValueType.INT}:
            decimals = panel.decimals if panel.decimals is not None else channels[field].decimals
            name = influxql.column(panel, field)
            builder.override_by_name(name, [dashboard.DynamicConfigValue(id_val="decimals", value=decimals)])
    return builder


_BUILDERS: dict[View, Callable[[Panel], _Builder]] = {
    View.TIME_SERIES: _time_series,
    View.STAT: _stat,
    View.GAUGE: _gauge,
    View.STATES: _states,
    View.TABLE: _table,
}
