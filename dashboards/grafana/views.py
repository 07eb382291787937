"""How each view of a panel looks in Grafana."""

from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import gauge, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import table as table_models

from dashboards.grafana.pictures import PICTURES
from dashboards.grafana.units import unit_id
from dashboards.resolved import ResolvedPanel
from dashboards.sources import influxql_text
from dashboards.states import states
from park.panel import Aggregate, View

COLORS = {"good": "green", "notice": "blue", "warning": "orange", "critical": "red"}
NEUTRAL = "text"
OFF = "#6e7a8a"
_PALETTE = (OFF, "green", "blue", "green", "orange", "purple", "yellow", "red", "super-light-blue")

#: A builder of any of the panel types; they share their methods but no class.
Builder = Any


def _color(mode: dashboard.FieldColorModeId) -> dashboard_builders.FieldColor:
    return dashboard_builders.FieldColor().mode(mode)


def _axis(builder: Builder, panel: ResolvedPanel) -> None:
    builder.unit(unit_id(panel.unit))
    if panel.low is not None:
        builder.min(panel.low)
    if panel.high is not None:
        builder.max(panel.high)


def _newest() -> common_builders.ReduceDataOptions:
    return common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)  # noqa: FBT003


def _time_series(panel: ResolvedPanel) -> Builder:
    lines = len(panel.columns) > 1 or bool(panel.by)
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
        # A hole is an interval without readings, which is two of the devices' own; the times of several statements
        # differ by moments, so each of them has holes where another has points.
        .span_nulls(len(influxql_text.statements(panel.asked)) > 1)
        .color_scheme(_color(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )
    if panel.stacked:
        builder.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if panel.thresholds:
        style = common_builders.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED)
        builder.thresholds_style(style)
    _axis(builder, panel)
    return builder


def _stat(panel: ResolvedPanel) -> Builder:
    colors = dashboard.FieldColorModeId.THRESHOLDS if panel.thresholds else dashboard.FieldColorModeId.FIXED
    color = _color(colors) if panel.thresholds else _color(colors).fixed_color("blue")
    builder = (
        stat.Panel()
        .graph_mode(common.BigValueGraphMode.AREA)
        .color_mode(common.BigValueColorMode.VALUE)
        .text_mode(common.BigValueTextMode.AUTO if panel.by or panel.cases else common.BigValueTextMode.VALUE)
        .reduce_options(_newest())
        .color_scheme(color)
    )
    if panel.across is Aggregate.SUM:
        builder.no_value("0")
    _axis(builder, panel)
    return builder


def _gauge(panel: ResolvedPanel) -> Builder:
    builder = gauge.Panel().reduce_options(_newest()).show_threshold_markers(bool(panel.thresholds))
    scheme = dashboard.FieldColorModeId.THRESHOLDS
    builder.color_scheme(
        _color(scheme) if panel.thresholds else _color(dashboard.FieldColorModeId.FIXED).fixed_color("blue")
    )
    _axis(builder, panel)
    return builder


def _states(panel: ResolvedPanel) -> Builder:
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


def _mapping(panel: ResolvedPanel) -> dashboard.ValueMap:
    """Every state's colour, so that it is the same in every panel and on every day."""
    options = {
        state.value: dashboard.ValueMappingResult(text=state.text, color=state.color(_PALETTE, COLORS), index=i)
        for i, state in enumerate(states(panel))
    }
    return dashboard.ValueMap(options=options)


class _Table(table.Panel):
    """A table without the footer that the SDK's version of it has, and the Grafana that is served has no more."""

    def build(self) -> dashboard.Panel:
        built = super().build()
        if isinstance(built.options, table_models.Options):
            built.options.footer = None
        return built


def _table(panel: ResolvedPanel) -> Builder:
    builder = (
        _Table()
        .show_header(True)  # noqa: FBT003
        .cell_height(common.TableCellHeight.SM)
        .filterable(True)  # noqa: FBT003
        .color_scheme(_color(dashboard.FieldColorModeId.FIXED).fixed_color(NEUTRAL))
    )
    # Grafana gets the tags in no order.
    columns = [*panel.by, *(influxql_text.quoted(panel.labels[field]) for field in panel.columns)]
    order = {name: place for place, name in enumerate(columns)}
    titles = {tag: tag.capitalize() for tag in panel.by}
    # Of the forms for readings and for rollups one answers nothing; the table is to be one all the same.
    builder.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    options = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": titles}
    if panel.cases:  # each comes by a statement of its own
        builder.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    builder.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))
    if panel.sort:
        field = panel.sort.removeprefix("-")
        name = influxql_text.quoted(panel.labels.get(field, field.capitalize()))
        builder.sort_by([common_builders.TableSortByFieldState().display_name(name).desc(panel.sort[0] == "-")])
    for field in panel.columns:
        if panel.is_number(field):
            decimals = panel.decimals if panel.decimals is not None else panel.channel(field).decimals
            name = influxql_text.quoted(panel.labels[field])
            builder.override_by_name(name, [dashboard.DynamicConfigValue(id_val="decimals", value=decimals)])
    return builder


BUILDERS: dict[View, Callable[[ResolvedPanel], Builder]] = {
    View.TIME_SERIES: _time_series,
    View.STAT: _stat,
    View.GAUGE: _gauge,
    View.STATES: _states,
    View.TABLE: _table,
    **PICTURES,
}
