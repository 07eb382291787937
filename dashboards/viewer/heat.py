"""ECharts options of a heat map: a row for each device, coloured over time by what it measures. Pure."""

import json
from collections.abc import Sequence

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Window
from dashboards.viewer.charts import INK, Options, legend, time_axis
from dashboards.viewer.names import group, short
from dashboards.viewer.parts import frame, pieces, rows_of
from park.units import symbol

_MARK = "#1b222c"

Tags = tuple[str, ...]


def heat(panel: ResolvedPanel, window: Window, answer: Sequence[Curve]) -> Options:
    """A row per series, coloured by its number; where its boolean is true, marked."""
    field, *flags = panel.columns
    rows = sorted({group(panel, series) for series in answer})
    cells: list[list[float]] = [
        [rows.index(group(panel, series)), time, round(float(value), 4)]
        for series in answer
        if series.field == field
        for time, value in zip(series.times, series.values, strict=True)
    ]
    marks: list[list[float]] = [
        [rows.index(group(panel, series)), time, 1]
        for series in answer
        if series.field in flags
        for time, value in zip(series.times, series.values, strict=True)
        if value is True
    ]
    drawn = [_cells(panel.labels[field], cells, window.interval, _CELL)]
    drawn += [{**_cells(panel.labels[flag], marks, window.interval, _TICK), "color": _MARK} for flag in flags]
    return {
        **frame(panel, legend_shown=bool(flags)),
        "legend": {
            **legend(show=bool(flags)),
            "left": "auto",
            "right": 8,
            "data": [panel.labels[flag] for flag in flags],
        },
        "tooltip": {**frame(panel)["tooltip"], ":formatter": _tip(panel, rows)},
        "visualMap": _scale(panel),
        "xAxis": time_axis(window),
        "yAxis": rows_of([short(row) for row in rows]),
        "series": drawn,
    }


def _cells(name: str, data: list[list[float]], interval: int, shape: str) -> Options:
    return {
        "type": "custom",
        "name": name,
        "encode": {"x": 1, "y": 0},
        "data": data,
        ":renderItem": shape % interval,
    }


def _scale(panel: ResolvedPanel) -> Options:
    """The colours of numbers, and what they mean."""
    unit = f" {symbol(panel.unit)}".rstrip()
    common = {
        "dimension": 2,
        "seriesIndex": 0,
        "orient": "horizontal",
        "left": 4,
        "bottom": 0,
        "itemWidth": 10,
        "textStyle": {"color": INK, "fontSize": 11},
        "hoverLink": False,
    }
    if panel.ramp and panel.low is not None and panel.high is not None:
        ends = [f"{panel.high:g}{unit}", f"{panel.low:g}"]
        color = {"color": list(panel.ramp)}
        return {**common, "type": "continuous", "min": panel.low, "max": panel.high, "inRange": color, "text": ends}
    return {**common, "type": "piecewise", "itemHeight": 10, "itemGap": 12, "pieces": pieces(panel, unit)}


_CELL = """(params, api) => {
  const from = api.coord([api.value(1), api.value(0)]);
  const to = api.coord([api.value(1) + %d, api.value(0)]);
  const height = api.size([0, 1])[1] * 0.88;
  const area = params.coordSys;
  const x = Math.max(from[0], area.x);
  const right = Math.min(to[0] + 1, area.x + area.width);
  return right <= x ? null : {
    type: 'rect',
    shape: {x: x, y: from[1] - height / 2, width: right - x, height: height},
    style: {fill: api.visual('color')},
  };
}"""
_TICK = """(params, api) => {
  const from = api.coord([api.value(1), api.value(0)]);
  const to = api.coord([api.value(1) + %d, api.value(0)]);
  const height = api.size([0, 1])[1] * 0.3;
  const area = params.coordSys;
  const x = Math.max(from[0], area.x);
  const right = Math.min(Math.max(to[0], x + 2), area.x + area.width);
  return right <= x ? null : {
    type: 'rect',
    shape: {x: x, y: from[1] + height * 0.4, width: right - x, height: height},
    style: {fill: api.visual('color')},
  };
}"""


def _tip(panel: ResolvedPanel, rows: Sequence[Tags]) -> str:
    """What the pointer is on: whose row, when, and how much."""
    names = json.dumps([" ".join(row) for row in rows], ensure_ascii=False)
    unit = json.dumps(f" {symbol(panel.unit)}".rstrip(), ensure_ascii=False)
    return _TIP % (unit, names)


_TIP = """p => {
  const safe = name => name.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
  const form = {weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC'};
  const at = new Date(p.value[1]).toLocaleString(undefined, form);
  const value = p.seriesIndex ? safe(p.seriesName) : p.value[2].toLocaleString() + %s;
  return safe(%s[p.value[0]]) + '<br>' + at + ' <b>' + value + '</b>';
}"""
