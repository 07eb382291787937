"""How the views that are more than a chart or a figure look in Grafana; it has no polar axes and no crowds."""

import re
from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import barchart, stat, statushistory, xychart
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import xychart as xychart_models

from dashboards.grafana.units import unit_id
from dashboards.resolved import ResolvedPanel
from dashboards.sources import influxql_text
from park.panel import View

#: A builder of any of the panel types; they share their methods but no class.
Builder = Any

#: The status history draws no more columns than it has points of the screen for.
_COLUMNS = 150
_MARK = "#1b222c"


def _colored_by(mode: dashboard.FieldColorModeId) -> dashboard_builders.FieldColor:
    return dashboard_builders.FieldColor().mode(mode)


def _legend(*, shown: bool) -> common_builders.VizLegendOptions:
    legend = common_builders.VizLegendOptions().placement(common.LegendPlacement.BOTTOM).calcs([])
    return legend.display_mode(common.LegendDisplayMode.LIST).show_legend(shown)


def _own_units(builder: Builder, panel: ResolvedPanel) -> None:
    """Each column's own unit, whatever group stands before its name."""
    for field in filter(panel.is_number, panel.columns):
        channel, name = panel.channel(field), influxql_text.quoted(panel.labels[field])
        decimals = channel.decimals if panel.decimals is None else panel.decimals
        own = {"unit": unit_id(channel.unit), "decimals": decimals}
        values = [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in own.items()]
        builder.override_by_regexp(f"/(^|· ){re.escape(name)}$/", values)


def _heat(panel: ResolvedPanel) -> Builder:
    builder = (
        statushistory.Panel()
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.92)
        .line_width(0)
        .fill_opacity(90)
        .max_data_points(_COLUMNS)
        .legend(_legend(shown=False))
        .color_scheme(_colored_by(dashboard.FieldColorModeId.THRESHOLDS))
        .unit(unit_id(panel.unit))
    )
    if any(not panel.is_number(field) for field in panel.fields):
        shown = {
            "true": dashboard.ValueMappingResult(text="yes", color=_MARK, index=0),
            "false": dashboard.ValueMappingResult(text="no", color="transparent", index=1),
        }
        builder.mappings([dashboard.ValueMap(options=shown)])
    return builder


def _scatter(panel: ResolvedPanel) -> Builder:
    across, up = (influxql_text.quoted(panel.labels[field]) for field in panel.columns)
    builder = (
        xychart.Panel()
        .mapping(xychart_models.SeriesMapping.MANUAL)
        .series([_Pair(across, up)])
        .show(xychart_models.XYShowMode.POINTS)
        .point_size(xychart.XychartFieldConfigPointSize().fixed(4))
        .legend(_legend(shown=False))
        .tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.SINGLE))
        .color_scheme(_colored_by(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )
    _own_units(builder, panel)
    return builder


class _Pair(cog.Builder[xychart_models.XYSeriesConfig]):
    """A series of which one column goes across and the other up, in the form that the SDK's builders take."""

    def __init__(self, across: str, up: str) -> None:
        self._across, self._up = across, up

    def build(self) -> xychart_models.XYSeriesConfig:
        """The series."""
        x, y = (xychart_models.MatcherConfig(id_val="byName", options=name) for name in (self._across, self._up))
        return xychart_models.XYSeriesConfig(
            x=xychart_models.XychartXYSeriesConfigX(matcher=x), y=xychart_models.XychartXYSeriesConfigY(matcher=y)
        )


def _board(panel: ResolvedPanel) -> Builder:
    newest = common_builders.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False)  # noqa: FBT003
    builder = (
        stat.Panel()
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME)
        .reduce_options(newest)
        .color_scheme(_colored_by(dashboard.FieldColorModeId.THRESHOLDS))
        .unit(unit_id(panel.unit))
    )
    if len(panel.columns) > 1:
        _own_units(builder, panel)
    return builder


def _bars(panel: ResolvedPanel) -> Builder:
    builder = (
        barchart.Panel()
        .orientation(common.VizOrientation.HORIZONTAL)
        .stacking(common.StackingMode.NORMAL)
        .x_field(panel.by[-1].capitalize())
        .show_value(common.VisibilityMode.NEVER)
        .legend(_legend(shown=True))
        .unit(unit_id(panel.unit))
        .color_scheme(_colored_by(dashboard.FieldColorModeId.PALETTE_CLASSIC))
    )
    for field, color in zip(panel.columns, panel.ramp, strict=False):
        fixed = dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": color})
        builder.override_by_name(influxql_text.quoted(panel.labels[field]), [fixed])
    # Of the forms for readings and for rollups one answers nothing.
    builder.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    options = {"excludeByName": {"Time": True}, "renameByName": {tag: tag.capitalize() for tag in panel.by}}
    builder.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))
    return builder


PICTURES: dict[View, Callable[[ResolvedPanel], Builder]] = {
    View.HEAT: _heat,
    View.SCATTER: _scatter,
    View.ROSE: _scatter,
    View.BOARD: _board,
    View.CROWD: _board,
    View.BARS: _bars,
}
