"""The bars, found by looking: every `bars_<subject>.py` beside this file, and `plots_<subject>.py` if there is one."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import tests.reference
from tests.reference.bar import Bar

#: A plot: title to what draws it on matplotlib's Axes, given a seed and a number of days.
Plots = Mapping[str, Callable[[Any, int, int], None]]

_PREFIX, _PLOTS_PREFIX = "bars_", "plots_"


def bars() -> dict[str, list[Bar]]:
    """Subject to its bars."""
    return {subject: list(module.BARS) for subject, module in _modules(_PREFIX).items()}


def plots() -> dict[str, Plots]:
    """Subject to the `PLOTS` of its bars, and those of its plots' module."""
    drawn = _modules(_PLOTS_PREFIX)
    return {
        subject: {**getattr(module, "PLOTS", {}), **getattr(drawn.get(subject), "PLOTS", {})}
        for subject, module in _modules(_PREFIX).items()
    }


def _modules(prefix: str) -> dict[str, ModuleType]:
    names = sorted(found.name for found in pkgutil.iter_modules(tests.reference.__path__))
    return {
        name.removeprefix(prefix): importlib.import_module(f"tests.reference.{name}")
        for name in names
        if name.startswith(prefix)
    }
