"""The bars, found by looking: every `bars_<subject>.py` beside this file."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import tests.reference
from tests.reference.bar import Bar

#: A plot: title to what draws it on matplotlib's Axes, given a seed and a number of days.
Plots = Mapping[str, Callable[[Any, int, int], None]]

_PREFIX = "bars_"


def bars() -> dict[str, list[Bar]]:
    """Subject to its bars."""
    return {subject: list(module.BARS) for subject, module in _modules().items()}


def plots() -> dict[str, Plots]:
    """Subject to the plots of its module's optional `PLOTS`."""
    return {subject: getattr(module, "PLOTS", {}) for subject, module in _modules().items()}


def _modules() -> dict[str, ModuleType]:
    names = sorted(found.name for found in pkgutil.iter_modules(tests.reference.__path__))
    return {
        name.removeprefix(_PREFIX): importlib.import_module(f"tests.reference.{name}")
        for name in names
        if name.startswith(_PREFIX)
    }
