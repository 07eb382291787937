"""Where panels stand on a grid of 24 columns; both renderers use it."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from park.panel import Panel, View

COLUMNS = 24

P = TypeVar("P", bound=Panel)


@dataclass(frozen=True, kw_only=True)
class Position(Generic[P]):
    """A panel and its cells of the grid, counted from 0."""

    panel: P
    x: int
    y: int
    width: int
    height: int


def place(panels: Iterable[P]) -> list[Position[P]]:
    """Panels from left to right in shelves; a shelf that is not full is stretched over the columns."""
    places: list[Position[P]] = []
    y = 0
    for shelf in _shelves(panels):
        height = 1 if shelf[0].view is View.HEADING else max(panel.height for panel in shelf)
        x = 0
        for panel, width in zip(shelf, _widths(shelf), strict=True):
            places.append(Position(panel=panel, x=x, y=y, width=width, height=height))
            x += width
        y += height
    return places


def _shelves(panels: Iterable[P]) -> Iterator[list[P]]:
    shelf: list[P] = []
    used = 0
    for panel in panels:
        width = _width(panel)
        if shelf and used + width > COLUMNS:
            yield shelf
            shelf, used = [], 0
        shelf.append(panel)
        used += width
    if shelf:
        yield shelf


def _width(panel: Panel) -> int:
    return COLUMNS if panel.view is View.HEADING else max(1, min(panel.width, COLUMNS))


def _widths(shelf: Sequence[Panel]) -> list[int]:
    """Integer widths that fill the columns, in proportion to those asked for."""
    total = sum(map(_width, shelf))
    edges = [0]
    for panel in shelf:
        edges.append(edges[-1] + _width(panel))
    scaled = [round(edge * COLUMNS / total) for edge in edges]
    return [right - left for left, right in itertools.pairwise(scaled)]
