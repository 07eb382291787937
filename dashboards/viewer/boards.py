"""Boards of tiles: a figure for each device, and squares with a dot for each person in them. Pure: HTML and SVG.

What names come from devices is escaped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from dashboards.resolved import LEVELS, ResolvedPanel
from dashboards.sources.base import Curve, Value
from dashboards.viewer import numbers
from dashboards.viewer.names import group, short
from park.units import symbol

_DOTS = 150
_LEAST_SIDE = 46.0
# Additive recurrences of the plastic number: points that fill a square evenly, however many.
_ACROSS, _DOWN = 0.7548776662466927, 0.5698402909980532


@dataclass(frozen=True, kw_only=True)
class _Tile:
    name: str
    full: str
    values: dict[str, Value]


def _tiles(panel: ResolvedPanel, answer: Sequence[Curve]) -> list[_Tile]:
    found: dict[tuple[str, ...], dict[str, Value]] = {}
    for series in answer:
        found.setdefault(group(panel, series), {})[series.field] = series.values[-1]
    return [_Tile(name=short(tags), full=" ".join(tags), values=values) for tags, values in sorted(found.items())]


def level(panel: ResolvedPanel, value: Value | None) -> str:
    """The level of the last threshold that a number has reached; empty if it has reached none."""
    if not isinstance(value, int | float):
        return ""
    reached = [step.level for step in sorted(panel.thresholds, key=lambda step: step.value) if value >= step.value]
    return reached[-1] if reached else ""


def board(panel: ResolvedPanel, answer: Sequence[Curve]) -> str:
    """A tile per group with its newest value, the worst first."""
    (field, *_) = panel.columns

    severe = sorted(panel.thresholds, key=lambda step: step.value)
    high_is_bad = not severe or LEVELS.index(severe[-1].level) >= LEVELS.index(severe[0].level)

    def urgency(tile: _Tile) -> tuple[int, float, str]:
        value = tile.values[field]
        reached, size = level(panel, value), float(value) if isinstance(value, int | float) else 0.0
        return -(LEVELS.index(reached) if reached else -1), -size if high_is_bad else size, tile.full

    tiles = sorted((tile for tile in _tiles(panel, answer) if field in tile.values), key=urgency)
    return _list("park-board-tiles", [_figure(panel, tile, field) for tile in tiles])


def _figure(panel: ResolvedPanel, tile: _Tile, field: str) -> str:
    value = tile.values[field]
    text = f"{numbers.text(value, panel.decimals)} {symbol(panel.unit)}".rstrip()
    return (
        f'<li class="{level(panel, value)}" title="{escape(tile.full)}">'
        f"<b>{escape(text)}</b><span>{escape(tile.name)}</span></li>"
    )


def crowd(panel: ResolvedPanel, answer: Sequence[Curve]) -> str:
    """A square per group, as large as its ground, with a dot for each person, in the colour of how close they stand."""
    count, density = panel.columns[:2]
    tiles = [tile for tile in _tiles(panel, answer) if {count, density} <= tile.values.keys()]
    grounds = [_ground(tile, count, density) for tile in tiles]
    most = max(filter(None, grounds), default=1.0)
    people = max((float(tile.values[count]) for tile in tiles), default=0.0)
    each = max(1, math.ceil(people / _DOTS))
    squares = [
        _square(panel, tile, max(_LEAST_SIDE, 100 * math.sqrt((ground or most) / most)), each)
        for tile, ground in zip(tiles, grounds, strict=True)
    ]
    words = f"A dot is {each} people" if each > 1 else "A dot is a person"
    return f'{_list("park-crowd-tiles", squares)}<div class="park-crowd-words">{words}</div>'


def _ground(tile: _Tile, count: str, density: str) -> float | None:
    """The square metres on which they stand, where anybody does."""
    people, close = float(tile.values[count]), float(tile.values[density])
    return people / close if people > 0 and close > 0 else None


def _square(panel: ResolvedPanel, tile: _Tile, side: float, each: int) -> str:
    count, density, *called = panel.columns
    reached = level(panel, tile.values[density])
    dots = round(float(tile.values[count]) / each)
    begin, room = 50 - side / 2, side - 6
    spots = [
        f'<circle cx="{begin + 3 + room * ((0.5 + i * _ACROSS) % 1):.1f}" '
        f'cy="{begin + 3 + room * ((0.5 + i * _DOWN) % 1):.1f}" r="1.5"/>'
        for i in range(min(dots, _DOTS))
    ]
    frame = f'<rect x="{begin:.1f}" y="{begin:.1f}" width="{side:.1f}" height="{side:.1f}" rx="2"/>'
    area = symbol(panel.channel(density).unit).rpartition("/")[2]
    people = f"{numbers.text(tile.values[count], 0)} people"
    close = f"{numbers.text(tile.values[density], panel.decimals)} a {area}"
    badge = "".join(f"<b>{escape(str(tile.values[field]))}</b>" for field in called if field in tile.values)
    return (
        f'<li class="{reached}" title="{escape(tile.full)}"><svg viewBox="0 0 100 100" aria-hidden="true">{frame}'
        f"{''.join(spots)}</svg><div>{badge}<span>{escape(tile.name)}</span></div>"
        f"<small>{escape(people)}, {escape(close)}</small></li>"
    )


def _list(name: str, rows: Sequence[str]) -> str:
    return f'<ul class="{name}">{"".join(rows)}</ul>'
