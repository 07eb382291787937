"""Charts as SVG, drawn by hand so that a report needs nothing beside itself."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 16, 14, 46
_BAR_WIDTH = 420
_MOST_TICKS = 7
#: Of parts, told apart by those who see no colours as well: light and dark alternate.
COLOURS = ("#2f6fdf", "#e8912d", "#3a9d6e", "#b04fc4", "#8a8f98", "#c9453f")


@dataclass(frozen=True, kw_only=True)
class Axis:
    """A logarithmic axis between two powers of ten, or less.

    Attributes:
        low, high: its ends.
        from_px, to_px: where they are.
    """

    low: float
    high: float
    from_px: float
    to_px: float

    def at(self, value: float) -> float:
        """Where a value lies."""
        low, high = math.log10(self.low), math.log10(self.high)
        share = (math.log10(min(max(value, self.low), self.high)) - low) / (high - low)
        return self.from_px + share * (self.to_px - self.from_px)

    def ticks(self) -> list[float]:
        """Round values on it: 1, 2 and 5 of each power of ten, or 1 alone if these are many."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        values = [step * 10.0**power for power in powers for step in (1, 2, 5)]
        here = [value for value in values if self.low <= value <= self.high]
        return here if len(here) <= _MOST_TICKS else [value for value in here if f"{value:e}"[0] == "1"]


def _axis(values: Sequence[float], from_px: float, to_px: float) -> Axis:
    low, high = min(values), max(values)
    return Axis(low=low / 1.4, high=max(high * 1.4, low * 3), from_px=from_px, to_px=to_px)


@dataclass(frozen=True, kw_only=True)
class Point:
    """A step in a chart: its rate, a value, and whether the objective held; `above` if there was none so high.

    Attributes:
        asked: the rate that was to be tried; tries of one are one point of the line.
    """

    asked: float
    rate: float
    value: float
    held: bool
    above: bool = False


@dataclass(frozen=True, kw_only=True)
class Line:
    """Points that are joined, in order of rate."""

    name: str
    points: Sequence[Point]
    dashed: bool = False


def scatter(
    lines: Sequence[Line],
    *,
    title: str,
    x_title: str,
    limit: tuple[str, float] | None,
    knee: float | None,
    shown: Callable[[float], str],
) -> str:
    """Lines over the rate, both axes logarithmic, with a limit across and the knee upright."""
    rates = [point.rate for line in lines for point in line.points]
    values = [max(point.value, 1e-3) for line in lines for point in line.points] + ([limit[1]] if limit else [])
    x = _axis(rates, _LEFT, _WIDTH - _RIGHT)
    y = _axis(values, _HEIGHT - _BOTTOM, _TOP)
    parts = [*_grid(x, y, shown), text(_WIDTH / 2, _HEIGHT - 6, x_title, "middle")]
    if knee is not None:
        at = x.at(knee)
        parts.append(f'<line class="knee" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        parts.append(text(at - 6, _TOP + 12, "knee", "end", "note"))
    if limit is not None:
        at = y.at(limit[1])
        parts.append(f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(text(_LEFT + 6, at - 5, limit[0], "start", "limit-text"))
    for line in lines:
        parts += _drawn(line, x, y, shown)
    return svg(title, parts)


def _drawn(line: Line, x: Axis, y: Axis, shown: Callable[[float], str]) -> list[str]:
    points = sorted(line.points, key=lambda point: point.asked)
    # A rate that was tried again has several points; the line is through the last of them.
    joined = {one.asked: one for one in points}.values()
    path = " ".join(f"{x.at(one.rate):.1f},{y.at(one.value):.1f}" for one in joined)
    kind = "line dashed" if line.dashed else "line"
    drawn = [f'<polyline class="{kind}" points="{path}"/>']
    for one in points:
        said = "not found in time" if one.above else shown(one.value)
        words = escape(f"{line.name} at {one.rate:,.0f}/s: {said}; {'held' if one.held else 'failed'}")
        at_x, at_y = x.at(one.rate), y.at(one.value)
        if one.held:
            shape = f'<circle class="held" cx="{at_x:.1f}" cy="{at_y:.1f}" r="5"><title>{words}</title></circle>'
        else:
            cross = f"M{at_x - 5:.1f},{at_y - 5:.1f}l10,10m0,-10l-10,10"
            shape = f'<path class="failed" d="{cross}"><title>{words}</title></path>'
        drawn.append(shape)
    if points:
        first = points[0]  # there is room at that end: near the knee lines are steep, and rates many
        drawn.append(text(x.at(first.rate) - 9, y.at(first.value) + 5, line.name, "end", "note"))
    return drawn


def _grid(x: Axis, y: Axis, shown: Callable[[float], str]) -> list[str]:
    bottom, parts = _HEIGHT - _BOTTOM, []
    for value in x.ticks():
        at = x.at(value)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(text(at, bottom + 16, short(value), "middle"))
    for value in y.ticks():
        at = y.at(value)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(text(_LEFT - 8, at + 4, shown(value), "end"))
    return parts


def bars(rows: Mapping[str, float], *, title: str, unit: str) -> str:
    """A bar for each part, longest first, with its value written on it."""
    ordered = sorted(rows.items(), key=lambda row: -row[1])
    most = max((value for _, value in ordered), default=1.0) or 1.0
    height = 46 * len(ordered) + 8
    parts = []
    for row, (name, value) in enumerate(ordered):
        at, width = 8 + 46 * row, max(2.0, value / most * (_BAR_WIDTH - 140))
        colour = COLOURS[row % len(COLOURS)]
        parts.append(text(0, at + 10, name, "start"))
        parts.append(f'<rect x="0" y="{at + 16}" width="{width:.1f}" height="16" rx="3" fill="{colour}"/>')
        parts.append(text(width + 8, at + 29, f"{value:,.1f} {unit}", "start", "note"))
    return svg(title, parts, _BAR_WIDTH, height, "bars")


def short(value: float) -> str:
    """A rate in a few characters: 500, 2k, 45k, 1M."""
    for size, name in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{name}"
    return f"{value:.3g}"


def text(x: float, y: float, words: str, anchor: str, kind: str = "tick") -> str:
    """Some words at a place."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def svg(title: str, parts: Sequence[str], width: int = _WIDTH, height: int = _HEIGHT, kind: str = "chart") -> str:
    """A picture of its parts, with a title for who cannot see it."""
    said = f'role="img" aria-label="{escape(title, quote=True)}"'
    head = f'<svg class="{kind}" viewBox="0 0 {width} {height}" {said}>'
    return "\n".join([head, *parts, "</svg>"])
