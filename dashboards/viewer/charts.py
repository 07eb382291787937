"""ECharts options of a panel's answer. Pure: data in, a dictionary out.

Times come shifted to the town's own clock and are shown as if they were UTC, so that noon is noon
wherever the browser is.

Keys that begin with a colon hold JavaScript, which NiceGUI evaluates in the browser.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Value, Window
from dashboards.viewer.numbers import whole_step
from park.units import symbol

Options = dict[str, Any]

LEVELS = {"good": "#4fb477", "notice": "#5b8ff9", "warning": "#f0a04b", "critical": "#e8596b"}
PALETTE = ("#5b8ff9", "#4fb477", "#f6bd16", "#9270ca", "#ff9d4d", "#3fb6c6", "#e8596b", "#a3c644", "#c77fb0", "#7f93ad")
ACCENT = PALETTE[0]

# What stands alone wears the colour of its quantity.
_UNIT_COLORS = {"W/m2": "#f6bd16", "Cel": "#ff9d4d", "m/s": "#3fb6c6", "km/h": "#3fb6c6", "ppm": "#9270ca"}

# Readable on the dark and on the light theme alike, so that a change of theme redraws nothing.
INK = "#8a95a5"
GRID_LINE = "rgba(138,149,165,0.16)"
FONT = "inherit"

#: Midnight is labelled with its date.
_TIMES = {
    "year": "{yyyy}",
    "month": "{d} {MMM}",
    "day": "{d} {MMM}",
    "hour": "{HH}:{mm}",
    "minute": "{HH}:{mm}",
    "second": "{HH}:{mm}:{ss}",
}

Points = list[list[float | None]]

#: A point with no neighbour, which no line shows.
_ALONE = {"symbol": "circle", "symbolSize": 5}


def level_color(panel: ResolvedPanel, value: Value | None, default: str | None = None) -> str:
    """The colour of the last threshold that the value has reached, or that of the quantity."""
    default = default or accent(panel)
    if value is None or isinstance(value, str):
        return default
    reached = [step for step in sorted(panel.thresholds, key=lambda step: step.value) if value >= step.value]
    return LEVELS[reached[-1].level] if reached else default


def accent(panel: ResolvedPanel) -> str:
    """The colour of a series that stands alone."""
    return _UNIT_COLORS.get(panel.unit, ACCENT)


def lines(panel: ResolvedPanel, window: Window, answer: Sequence[Curve]) -> Options:
    """A time series: lines, or stacked areas."""
    colors = PALETTE if len(answer) > 1 else (accent(panel),)
    tracks = _stacked(answer) if panel.stacked else [[_broken(series, window.interval)] for series in answer]
    drawn = [
        {**_line(panel, series, points, colors[i % len(colors)], of=len(answer)), **stack}
        for i, (series, parts) in enumerate(zip(answer, tracks, strict=True))
        for points, stack in zip(parts, _STACKS if panel.stacked else ({},), strict=False)
    ]
    if drawn and (marks := _marks(panel, answer)):
        drawn[0]["markLine"] = {"silent": True, "symbol": "none", "label": {"show": False}, "data": marks}
    many = len(answer) > 1
    return {
        "animation": False,
        "useUTC": True,
        "color": list(PALETTE),
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 8, "right": 14, "top": 10, "bottom": 30 if many else 6, "containLabel": True},
        "legend": legend(show=many),
        "tooltip": tooltip(panel),
        "xAxis": time_axis(window),
        "yAxis": _value_axis(panel),
        "series": drawn,
    }


def _line(panel: ResolvedPanel, series: Curve, points: Points, color: str, *, of: int) -> Options:
    fill = 0.55 if panel.stacked else 0.12 if of == 1 else 0.07 if of <= 3 else 0.0
    return {
        "type": "line",
        "name": panel.series_name(series.field, series.tags),
        **_dotted(points),
        "sampling": "lttb",
        "lineStyle": {"width": 1 if panel.stacked else 1.8 if of <= 6 else 1.2},
        "itemStyle": {"color": color},
        "areaStyle": {"opacity": fill, "origin": "start" if panel.low is not None else "auto"} if fill else None,
        "emphasis": {"disabled": True},
    }


def _dotted(points: Points) -> Options:
    """The points, and a dot at each that has holes or nothing on both sides."""
    whole = [False, *(value is not None for _, value in points), False]
    alone = [on and not before and not after for before, on, after in zip(whole, whole[1:], whole[2:], strict=False)]
    if not any(alone):
        return {"data": points, "showSymbol": False, "symbolSize": 5}
    data = [{"value": point, **_ALONE} if lone else point for point, lone in zip(points, alone, strict=True)]
    return {"data": data, "showSymbol": True, "showAllSymbol": True, "symbol": "none"}


#: What is above zero, and what is below.
_STACKS: tuple[Options, ...] = ({"stack": "above", "stackStrategy": "all"}, {"stack": "below", "stackStrategy": "all"})


def _broken(series: Curve, interval: int) -> Points:
    """Points with a hole where three intervals in a row are missing."""
    points: Points = []
    last: int | None = None
    for time, value in zip(series.times, series.values, strict=True):
        if last is not None and time - last > 3 * interval:
            points.append([last + interval, None])
        points.append([time, _number(value)])
        last = time
    return points


def _stacked(answer: Sequence[Curve]) -> list[list[Points]]:
    """Points at the same times in every series: ECharts stacks by position, not by time.

    What is above zero and what is below it are areas of their own, for they lie on different stacks: one area would
    jump from one to the other wherever its sign changes.
    """
    times = sorted({time for series in answer for time in series.times})
    tracks: list[list[Points]] = []
    for series in answer:
        at = dict(zip(series.times, series.values, strict=True))
        values = [_number(at[time]) if time in at else 0.0 for time in times]
        parts = [values] if min(values) >= 0 else [[max(v, 0.0) for v in values], [min(v, 0.0) for v in values]]
        tracks.append([[[time, v] for time, v in zip(times, part, strict=True)] for part in parts])
    return tracks


def _number(value: Value) -> float:
    return float(value)


def _marks(panel: ResolvedPanel, answer: Sequence[Curve]) -> list[Options]:
    """A dashed line at every threshold that lies within what is drawn."""
    values = [_number(value) for series in answer for value in series.values]
    low = panel.low if panel.low is not None else min(values)
    high = panel.high if panel.high is not None else max(values)
    return [
        {"yAxis": step.value, "lineStyle": {"color": LEVELS[step.level], "type": "dashed", "opacity": 0.7}}
        for step in panel.thresholds
        if low < step.value < high
    ]


def legend(*, show: bool) -> Options:
    """A legend below the chart."""
    return {
        "show": show,
        "type": "scroll",
        "bottom": 0,
        "left": 4,
        "icon": "circle",
        "itemWidth": 10,
        "itemHeight": 10,
        "itemGap": 14,
        "textStyle": {"color": INK, "fontSize": 11},
        "pageIconColor": INK,
        "pageTextStyle": {"color": INK},
    }


#: A line for each name: what is above zero and what is below it are two areas, and one value.
_SUMS = """items => {
    const safe = name => name.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
    const sums = new Map();
    for (const item of items) {
        const [marker, sum] = sums.get(item.seriesName) || [item.marker, 0];
        sums.set(item.seriesName, [marker, sum + item.value[1]]);
    }
    const text = v => %s;
    const value = sum => `<b style="float:right">${text(sum)}</b>`;
    const row = ([name, [marker, sum]]) => `<div>${marker}${safe(name)}&emsp;${value(sum)}</div>`;
    return items[0].axisValueLabel + [...sums].map(row).join('');
}"""


def tooltip(panel: ResolvedPanel) -> Options:
    """Every series' value at the pointer, in the panel's unit."""
    places = 2 if panel.decimals is None else panel.decimals
    unit = json.dumps(f" {symbol(panel.unit)}".rstrip(), ensure_ascii=False)
    shown = f"v.toLocaleString(undefined, {{maximumFractionDigits: {places}}}) + {unit}"
    return {
        "trigger": "axis",
        "confine": True,
        "order": "valueDesc",
        "backgroundColor": "#1b222c",
        "borderColor": "#323c49",
        "textStyle": {"color": "#dfe5ec", "fontSize": 12},
        "axisPointer": {"lineStyle": {"color": INK, "type": "dotted"}},
        **({":formatter": _SUMS % shown} if panel.stacked else {":valueFormatter": f"v => v == null ? '–' : {shown}"}),
    }


def time_axis(window: Window) -> Options:
    """The whole window, whether there are readings in all of it or not."""
    return {
        "type": "time",
        "min": window.start,
        "max": window.until,
        "axisLine": {"lineStyle": {"color": GRID_LINE}},
        "axisTick": {"show": False},
        "axisLabel": {"color": INK, "fontSize": 11, "hideOverlap": True, "formatter": _TIMES},
        "splitLine": {"show": False},
    }


def _value_axis(panel: ResolvedPanel) -> Options:
    return {
        "type": "value",
        "scale": panel.low is None and not panel.stacked,
        "min": panel.low,
        "max": panel.high,
        "splitNumber": 4,
        **_ticks(panel.low, panel.high),
        "splitLine": {"lineStyle": {"color": GRID_LINE}},
    }


def _ticks(low: float | None, high: float | None) -> Options:
    """Where numbers stand: at round ones, which the ends of a range that is given need not be."""
    label: Options = {"color": INK, "fontSize": 11}
    if low is None or high is None or high <= low:
        return {"axisLabel": label}
    step = whole_step(high - low)
    shown = [math.isclose(end / step, round(end / step), abs_tol=1e-6) for end in (low, high)]
    return {"interval": step, "axisLabel": {**label, "showMinLabel": shown[0], "showMaxLabel": shown[1]}}


def sparkline(panel: ResolvedPanel, window: Window, answer: Sequence[Curve], color: str) -> Options:
    """The course behind a figure, without axes."""
    drawn = [
        {
            "type": "line",
            "data": _broken(series, window.interval),
            "showSymbol": False,
            "silent": True,
            "lineStyle": {"width": 1.5, "color": color, "opacity": 0.9},
            "areaStyle": {"color": color, "opacity": 0.14, "origin": "start"},
        }
        for series in answer[:1]
        if not isinstance(series.values[0], str)
    ]
    return {
        "animation": False,
        "grid": {"left": 0, "right": 0, "top": 4, "bottom": 0},
        "xAxis": {"type": "time", "show": False, "min": window.start, "max": window.until},
        "yAxis": {"type": "value", "show": False, "scale": True, "min": panel.low},
        "series": drawn,
    }


def gauge(panel: ResolvedPanel, value: Value | None) -> Options:
    """A half ring: the value's part of the range, and outside it the thresholds."""
    low, high = panel.low or 0.0, 100.0 if panel.high is None else panel.high
    color = level_color(panel, value)
    ring: Options = {
        "type": "gauge",
        "startAngle": 200,
        "endAngle": -20,
        "min": low,
        "max": high,
        "center": ["50%", "66%"],
        "radius": "100%",
        "pointer": {"show": False},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
        "axisLabel": {"show": False},
        "detail": {"show": False},
    }
    number = low if value is None or isinstance(value, str) else min(max(float(value), low), high)
    progress = {"show": True, "width": 14, "itemStyle": {"color": color}}
    track = {"lineStyle": {"width": 14, "color": [[1, "rgba(138,149,165,0.18)"]]}}
    inner = {**ring, "radius": "92%", "progress": progress, "axisLine": track, "data": [{"value": number}]}
    outer = {**ring, "axisLine": {"lineStyle": {"width": 3, "color": _bands(panel, low, high)}}, "data": []}
    return {"animation": False, "series": [outer, inner] if panel.thresholds else [inner]}


def _bands(panel: ResolvedPanel, low: float, high: float) -> list[list[Any]]:
    """Shares of the ring up to which each level's colour goes."""
    steps = sorted(panel.thresholds, key=lambda step: step.value)
    span = (high - low) or 1.0
    colors = ["rgba(138,149,165,0.3)", *(LEVELS[step.level] for step in steps)]
    ends = [*(min(max((step.value - low) / span, 0.0), 1.0) for step in steps), 1.0]
    return [[end, color] for end, color in zip(ends, colors, strict=True) if end > 0]
