"""ECharts options of pictures without a time axis: scatters, roses, bars. Pure, as the charts are."""

import json
import math
from collections.abc import Mapping, Sequence

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Value, Window
from dashboards.viewer import numbers
from dashboards.viewer.charts import GRID_LINE, INK, PALETTE, Options, tooltip
from dashboards.viewer.names import group, short
from dashboards.viewer.parts import frame, pieces, rows_of
from park.units import symbol

_WINDS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")

Tags = tuple[str, ...]


# ---- two numbers of the same moments ----------------------------------------------------------------------


def pairs(panel: ResolvedPanel, answer: Sequence[Curve]) -> dict[Tags, list[tuple[float, float]]]:
    """By group both numbers of every time that has both, the first field's first."""
    first, second = panel.columns[:2]
    found: dict[Tags, dict[str, Mapping[int, Value]]] = {}
    for series in answer:
        by_time = dict(zip(series.times, series.values, strict=True))
        found.setdefault(group(panel, series), {})[series.field] = by_time
    both: dict[Tags, list[tuple[float, float]]] = {}
    for tags, columns in sorted(found.items()):
        x, y = columns.get(first, {}), columns.get(second, {})
        both[tags] = [(float(x[time]), float(y[time])) for time in sorted(x.keys() & y.keys())]
    return both


def scatter(panel: ResolvedPanel, _window: Window, answer: Sequence[Curve]) -> Options:
    """The second field over the first, a dot for each moment, a colour for each site."""
    series: dict[str, list[list[float]]] = {}
    for tags, points in pairs(panel, answer).items():
        series.setdefault(tags[0] if tags else panel.title, []).extend([list(point) for point in points])
    x, y = panel.columns[:2]
    return {
        **frame(panel, legend_shown=len(series) > 1),
        "color": list(PALETTE),
        "grid": {"left": 24, "right": 14, "top": 30, "bottom": 52, "containLabel": True},
        "tooltip": {"show": False},
        "xAxis": {**_number_axis(_axis_name(panel, x)), "nameLocation": "middle", "nameGap": 24},
        "yAxis": {**_number_axis(_axis_name(panel, y)), "nameTextStyle": {"color": INK, "align": "left"}},
        "series": [_dots(name, points) for name, points in series.items()],
    }


def _dots(name: str, points: list[list[float]]) -> Options:
    return {
        "type": "scatter",
        "name": name,
        "data": points,
        "symbolSize": 4,
        "itemStyle": {"opacity": 0.45},
        "silent": True,
    }


def _axis_name(panel: ResolvedPanel, field: str) -> str:
    unit = symbol(panel.channel(field).unit)
    return f"{panel.labels[field]}, {unit}" if unit else panel.labels[field]


def _number_axis(name: str) -> Options:
    return {
        "type": "value",
        "name": name,
        "nameTextStyle": {"color": INK},
        "splitNumber": 4,
        "axisLabel": {"color": INK, "fontSize": 11},
        "splitLine": {"lineStyle": {"color": GRID_LINE}},
    }


def rose(panel: ResolvedPanel, _window: Window, answer: Sequence[Curve]) -> Options:
    """From where it comes for how much of the time, and how much of the second field comes along."""
    points = [point for found in pairs(panel, answer).values() for point in found]
    unit = symbol(panel.channel(panel.columns[1]).unit)
    series: list[Options] = []
    for piece in pieces(panel, f" {unit}".rstrip()):
        counts = [0] * len(_WINDS)
        for direction, value in points:
            low = -math.inf if not series else piece["gte"]
            if low <= value < piece.get("lt", math.inf):
                counts[round(direction / 22.5) % len(_WINDS)] += 1
        shares = [round(100 * count / max(len(points), 1), 2) for count in counts]
        series.append(_petals(piece["label"], piece["color"], shares))
    return {
        **frame(panel),
        "polar": {"center": ["50%", "46%"], "radius": "74%"},
        "angleAxis": {
            "type": "category",
            "data": list(_WINDS),
            "startAngle": 90 + 180 / len(_WINDS),
            "axisLabel": {"color": INK, "fontSize": 11},
            "axisLine": {"lineStyle": {"color": GRID_LINE}},
            "axisTick": {"show": False},
        },
        "radiusAxis": {
            "splitNumber": 3,
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"color": INK, "fontSize": 10, "formatter": "{value} %", "showMaxLabel": False},
            "splitLine": {"lineStyle": {"color": GRID_LINE}},
        },
        "series": series,
    }


def _petals(name: str, color: str, shares: list[float]) -> Options:
    return {
        "type": "bar",
        "coordinateSystem": "polar",
        "stack": "rose",
        "name": name,
        "data": shares,
        "itemStyle": {"color": color},
        "barCategoryGap": "8%",
    }


# ---- bars -------------------------------------------------------------------------------------------------


def bars(panel: ResolvedPanel, answer: Sequence[Curve]) -> Options:
    """A bar per group of the newest values, field behind field; whoever has least stands on top."""
    newest: dict[Tags, dict[str, float]] = {}
    for series in answer:
        newest.setdefault(group(panel, series), {})[series.field] = float(series.values[-1])
    rows = sorted(newest, key=lambda tags: (sum(newest[tags].values()), tags))
    colors = panel.ramp or PALETTE
    places = panel.decimals
    return {
        **frame(panel),
        "tooltip": {**tooltip(panel), "axisPointer": {"type": "shadow"}},
        "grid": {"left": 8, "right": 44, "top": 6, "bottom": 30, "containLabel": True},
        "xAxis": {**_number_axis(""), "max": panel.high},
        "yAxis": rows_of([short(row) for row in rows]),
        "series": [
            {
                "type": "bar",
                "stack": "all",
                "name": panel.labels[field],
                "data": [newest[row].get(field) for row in rows],
                "itemStyle": {"color": colors[i % len(colors)]},
                "barWidth": "62%",
                **(_total(newest, rows, places) if i == len(panel.columns) - 1 else {}),
            }
            for i, field in enumerate(panel.columns)
        ],
    }


def _total(newest: Mapping[Tags, Mapping[str, float]], rows: Sequence[Tags], places: int | None) -> Options:
    """The sum behind each bar."""
    texts = [numbers.text(sum(newest[row].values()), places) for row in rows]
    shown = f"p => {json.dumps(texts, ensure_ascii=False)}[p.dataIndex]"
    return {"label": {"show": True, "position": "right", "color": INK, "fontSize": 11, ":formatter": shown}}
