"""Numbers as people read them at a glance."""

import math

from dashboards.sources.base import Value

# From where on, divided by what, and its prefix.
_STEPS = ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e5, 1e3, "k"))


def text(value: Value, decimals: int | None) -> str:
    """A value without its unit: thousands set apart, as many decimals as asked or three digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "–"
    large = ((factor, prefix) for start, factor, prefix in _STEPS if abs(value) >= start)
    factor, prefix = next(large, (1.0, ""))
    scaled = value / factor
    places = _places(scaled) if decimals is None or prefix else decimals
    shown = f"{scaled:,.{places}f}".replace(",", "\u202f")
    return (shown if float(f"{scaled:.{places}f}") else shown.lstrip("-")) + prefix


def _places(value: float) -> int:
    """Decimals that leave about three digits; whole numbers have none."""
    if value == int(value):
        return 0
    size = math.floor(math.log10(abs(value))) if value else 0
    return max(0, min(4, 2 - size))


def whole_step(span: float) -> float:
    """The easiest length that cuts an axis of so long into five parts at most."""
    least = span / 5
    power = 10.0 ** math.floor(math.log10(least))
    return next(part * power for part in (1.0, 2.0, 2.5, 5.0, 10.0) if part * power >= least * (1 - 1e-9))
