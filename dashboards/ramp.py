"""Colours between the least and the most of a panel that shows its numbers as colours."""

from collections.abc import Sequence

from park.panel import Panel, View

_STEPS = 12


def ramp(panel: Panel) -> list[tuple[float, str]]:
    """From which value on which colour: even steps from `low` to `high`, none without colours of the panel's own."""
    if panel.view is not View.HEAT or not panel.ramp or panel.low is None or panel.high is None:
        return []
    width = (panel.high - panel.low) / _STEPS
    return [(panel.low + i * width, between(panel.ramp, i / (_STEPS - 1))) for i in range(_STEPS)]


def between(colors: Sequence[str], share: float) -> str:
    """The colour at a share from 0 to 1 of the way along colours written as `#rrggbb`."""
    place = min(max(share, 0.0), 1.0) * (len(colors) - 1)
    first = min(int(place), len(colors) - 2) if len(colors) > 1 else 0
    one, other = (_parts(color) for color in (colors[first], colors[min(first + 1, len(colors) - 1)]))
    mixed = [round(a + (b - a) * (place - first)) for a, b in zip(one, other, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
