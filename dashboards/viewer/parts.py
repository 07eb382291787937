"""What pictures have in common: their frame, rows of names, and the pieces into which thresholds cut numbers. Pure."""

import math

from dashboards.resolved import ResolvedPanel
from dashboards.viewer.charts import FONT, INK, LEVELS, Options, legend, tooltip


def frame(panel: ResolvedPanel, *, legend_shown: bool = True) -> Options:
    """What stands around a picture."""
    return {
        "animation": False,
        "useUTC": True,
        "textStyle": {"fontFamily": FONT},
        "grid": {"left": 8, "right": 14, "top": 10, "bottom": 30, "containLabel": True},
        "legend": legend(show=legend_shown),
        "tooltip": {**tooltip(panel), "trigger": "item", ":valueFormatter": "null"},
    }


def rows_of(names: list[str]) -> Options:
    """An axis with a row for each name, the first on top."""
    return {
        "type": "category",
        "data": names,
        "inverse": True,
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "axisLabel": {"color": INK, "fontSize": 11},
    }


def pieces(panel: ResolvedPanel, unit: str) -> list[Options]:
    """From where to where each threshold holds, its colour, and what it is called."""
    steps = sorted(panel.thresholds, key=lambda step: step.value)
    ends = [*(step.value for step in steps[1:]), math.inf]
    found = []
    for i, (step, end) in enumerate(zip(steps, ends, strict=True)):
        words = f"from {step.value:g}{unit}" if end == math.inf else f"{step.value:g} to {end:g}"
        piece = {"gte": step.value, "color": LEVELS[step.level], "label": f"below {end:g}" if i == 0 else words}
        found.append(piece if end == math.inf else {**piece, "lt": end})
    return found
