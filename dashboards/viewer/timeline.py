"""ECharts options of a state timeline: a row per device, coloured by what it is doing. Pure."""

from collections.abc import Sequence

from dashboards.resolved import ResolvedPanel
from dashboards.sources.base import Curve, Window
from dashboards.states import State, states
from dashboards.viewer.charts import FONT, INK, LEVELS, Options, legend, time_axis, tooltip

STATE_PALETTE = ("#556274", "#4fb477", "#5b8ff9", "#f0a04b", "#9270ca", "#f6bd16", "#e8596b", "#3fb6c6")


def timeline(panel: ResolvedPanel, window: Window, answer: Sequence[Curve]) -> Options:
    """A row per series, coloured by state."""
    known = states(panel)
    names = [panel.series_name(series.field, series.tags) for series in answer]
    return {
        "animation": False,
        "useUTC": True,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 8, "right": 14, "top": 6, "bottom": 30, "containLabel": True},
        "legend": legend(show=True),
        "tooltip": {**tooltip(panel), "trigger": "item", ":formatter": _STATE_TOOLTIP, ":valueFormatter": "null"},
        "xAxis": time_axis(window),
        "yAxis": {
            "type": "category",
            "data": names,
            "inverse": True,
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"color": INK, "fontSize": 11},
        },
        "series": [_state(state, color, window, answer) for state, color in zip(known, colors(known), strict=True)],
    }


def colors(known: Sequence[State]) -> list[str]:
    """Of each state; of those of one level every further one is lighter, so that none is taken for another."""
    plain = [state.color(STATE_PALETTE, LEVELS) for state in known]
    return [_lighter(color, plain[:place].count(color)) for place, color in enumerate(plain)]


def _lighter(color: str, times: int) -> str:
    """Closer to white by two fifths of the way, so many times."""
    kept = 0.6**times
    parts = [int(color[first : first + 2], 16) for first in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - (255 - part) * kept):02x}" for part in parts)


def _state(state: State, color: str, window: Window, answer: Sequence[Curve]) -> Options:
    bars = [
        [row, start, until]
        for row, series in enumerate(answer)
        for start, until, value in runs(series, window)
        if value == state.value
    ]
    return {
        "type": "custom",
        "name": state.text,
        "itemStyle": {"color": color},
        "encode": {"x": [1, 2], "y": 0},
        "data": bars,
        ":renderItem": _STATE_BAR,
    }


_STATE_BAR = """(params, api) => {
  const from = api.coord([api.value(1), api.value(0)]);
  const to = api.coord([api.value(2), api.value(0)]);
  const height = Math.min(api.size([0, 1])[1] * 0.72, 22);
  const area = params.coordSys;
  const x = Math.max(from[0], area.x);
  const right = Math.min(to[0], area.x + area.width);
  return right <= x ? null : {
    type: 'rect',
    shape: {x: x, y: from[1] - height / 2, width: Math.max(right - x, 1), height: height},
    style: {fill: api.visual('color')},
  };
}"""

_STATE_TOOLTIP = """p => {
  const safe = name => name.replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);
  const form = {weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone: 'UTC'};
  const at = t => new Date(t).toLocaleString(undefined, form);
  return safe(p.name) + '<b>' + p.seriesName + '</b><br>' + at(p.value[1]) + ' – ' + at(p.value[2]);
}"""


def runs(series: Curve, window: Window) -> list[tuple[int, int, str]]:
    """Spans of unchanged state: from, until, the value as stored ("true", "false" for booleans).

    The last one holds on through the interval that has only begun, in which its device may report yet.
    """
    found: list[tuple[int, int, str]] = []
    for time, raw in zip(series.times, series.values, strict=True):
        value = str(raw).lower() if isinstance(raw, bool) else str(raw)
        until = min(time + window.interval, window.until)
        if found and found[-1][2] == value and time - found[-1][1] <= 2 * window.interval:
            found[-1] = (found[-1][0], until, value)
        else:
            found.append((time, until, value))
    if found:
        start, until, value = found[-1]
        found[-1] = (start, min(until + window.interval, window.until), value)
    return found
