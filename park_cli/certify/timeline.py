"""The run as a picture: a row for each part, a bar for each fault, a cross where something was lost or altered."""

from collections.abc import Sequence
from html import escape

from park_cli.capacity.charts import COLOURS, svg, text
from park_cli.certify.ledger import Row, Wrong

_WIDTH, _ROW, _TOP, _BOTTOM = 640, 44, 6, 30
_STEPS_S = (10, 30, 60, 120, 300, 600, 1800, 3600)
_MOST_TICKS = 8


def colours(rows: Sequence[Row]) -> dict[str, str]:
    """A colour for each fault, in the order of their names."""
    names = sorted({row.fault for row in rows})
    return {name: COLOURS[number % len(COLOURS)] for number, name in enumerate(names)}


def legend(rows: Sequence[Row]) -> str:
    """What the colours mean, as HTML."""
    return "".join(
        f'<span class="key"><i style="background:{colour}"></i>{escape(name)}</span>'
        for name, colour in colours(rows).items()
    )


def timeline(rows: Sequence[Row], wrong: Sequence[Wrong], begin_ms: int, seconds: float) -> str:
    """Faults over time, from `begin_ms` on; below them, if there are any, examples of what was lost or altered."""
    parts = sorted({row.part for row in rows})
    tracks = [*parts, "lost or altered"] if wrong else parts
    height = _TOP + _ROW * len(tracks) + _BOTTOM
    drawn = [*_grid(seconds, height), *(_track(name, place) for place, name in enumerate(tracks))]
    shade = colours(rows)
    drawn += [_bar(row, parts.index(row.part), begin_ms, seconds, shade[row.fault]) for row in rows]
    drawn += [_example(one, len(parts), begin_ms, seconds) for one in wrong]
    return svg("Faults over time, by part", drawn, _WIDTH, height)


def _at(part_s: float, seconds: float) -> float:
    return part_s / max(seconds, 1.0) * _WIDTH


def _grid(seconds: float, height: int) -> list[str]:
    step = next((one for one in _STEPS_S if seconds / one <= _MOST_TICKS), _STEPS_S[-1])
    drawn = []
    for moment in range(step, int(seconds) + 1, step):
        at = _at(moment, seconds)
        drawn.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>')
        if at < _WIDTH - 30:
            shown = f"{moment // 60} min" if moment % 60 == 0 else f"{moment} s"
            drawn.append(text(at, height - 10, shown, "middle"))
    return drawn


def _track(part: str, place: int) -> str:
    at = _TOP + _ROW * place
    track = f'<rect class="track" x="0" y="{at + 20}" width="{_WIDTH}" height="14"/>'
    return text(0, at + 14, part, "start", "note") + track


def _example(one: Wrong, place: int, begin_ms: int, seconds: float) -> str:
    said = escape(f"{one.verdict}: {one.device}, {one.when}")
    return _cross(_at((one.ts - begin_ms) / 1000, seconds), _TOP + _ROW * place + 27, said)


def _cross(x: float, y: float, said: str = "") -> str:
    return f'<path class="failed" d="M{x - 5:.1f},{y - 5:.1f}l10,10m0,-10l-10,10"><title>{said}</title></path>'


def _bar(row: Row, place: int, begin_ms: int, seconds: float, colour: str) -> str:
    at, y = _at((row.begin_ms - begin_ms) / 1000, seconds), _TOP + _ROW * place + 20
    width = max(3.0, _at((row.ready_ms - row.begin_ms) / 1000, seconds))
    said = escape(f"{row.number}: {row.part}, {row.fault}, {(row.ready_ms - row.begin_ms) / 1000:.1f} s")
    place_of = f'x="{at:.1f}" y="{y}" width="{width:.1f}" height="14" rx="2"'
    bar = f'<rect {place_of} fill="{colour}"><title>{said}</title></rect>'
    if row.counts.lost or row.counts.altered:
        bar += _cross(at + width / 2, y - 3, said)
    return bar
