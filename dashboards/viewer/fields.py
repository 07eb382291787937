"""Inputs for what an action has to be told, each by its parameter's type and range."""

import math
from collections.abc import Callable
from typing import Protocol

from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from dashboards.sources.base import Value
from park.catalogue import Channel, ValueType
from park.units import symbol

#: Units in which it is said how long something lasts: at first as short as it may.
TIMES = frozenset({"s", "min"})


class Field(Protocol):
    """An input for one parameter."""

    def value(self) -> Value | None:
        """What it says; None if it is empty."""

    def begin(self, before: Value | None) -> None:
        """Begin anew with what a device measures; the input stays the same, so that a keyboard's focus does."""


def field(parameter: Channel, before: Value | None, on_enter: Callable[[], None]) -> Field:
    """Put an input into the page.

    Args:
        parameter: what it asks for.
        before: what the device measures of it now, if it does: the input begins there.
        on_enter: called when Enter is pressed in it.
    """
    if parameter.type in {ValueType.TEXT, ValueType.BOOL}:
        return _Choice(parameter, before)
    return _Number(parameter, before, on_enter)


def words(name: str) -> str:
    """A name of the catalogue as people read it: "set_level" is "Set level"."""
    return name[:1].upper() + name[1:].replace("_", " ")


class _Number:
    def __init__(self, parameter: Channel, before: Value | None, on_enter: Callable[[], None]) -> None:
        self._parameter = parameter
        low, high, begin = parameter.low, parameter.high, _begin(parameter, before)
        unit = symbol(parameter.unit)
        label = f"{words(parameter.name)} ({unit})" if unit else words(parameter.name)
        with ui.element("div").classes("park-field park-field-number").props(f'data-parameter="{parameter.name}"'):
            self._number = ui.number(label, value=begin, min=low, max=high, step=1 / parameter.scale)
            self._number.props("dense outlined hide-bottom-space").tooltip(
                f"{parameter.description}: {low:g} to {high:g} {unit}"
            )
            self._slider = ui.slider(min=low, max=high, step=_step(parameter), value=begin)
            self._slider.props(f'dense aria-label="{label}, slider"')
        self._slider.on_value_change(lambda change: self._number.set_value(change.value))
        self._number.on_value_change(self._typed)
        self._number.on("keydown.enter", on_enter)

    def _typed(self, change: ValueChangeEventArguments[float | None]) -> None:
        if change.value is not None:
            self._slider.set_value(change.value)

    def value(self) -> Value | None:
        found = self._number.value
        if found is None:
            return None
        return int(found) if self._parameter.type is ValueType.INT else float(found)

    def begin(self, before: Value | None) -> None:
        self._number.set_value(_begin(self._parameter, before))


def _begin(parameter: Channel, before: Value | None) -> float:
    """What is measured, else nothing, or the middle of a range that has no nothing."""
    if isinstance(before, int | float) and parameter.low <= before <= parameter.high:
        return before
    if parameter.unit in TIMES:
        return parameter.low
    return 0.0 if parameter.low <= 0.0 <= parameter.high else (parameter.low + parameter.high) / 2


def _step(parameter: Channel) -> float:
    """So coarse that the arrow keys cross the range in some 50 to 500 steps."""
    if parameter.type is ValueType.INT or parameter.high <= parameter.low:
        return 1.0
    return max(1 / parameter.scale, 10.0 ** math.floor(math.log10((parameter.high - parameter.low) / 50)))


class _Choice:
    def __init__(self, parameter: Channel, before: Value | None) -> None:
        choices: dict[Value, str] = (
            {True: "yes", False: "no"} if parameter.type is ValueType.BOOL else {t: t for t in parameter.texts}
        )
        self._choices = list(choices)
        with ui.element("div").classes("park-field").props(f'data-parameter="{parameter.name}"'):
            self._select = ui.select(choices, value=self._first(before), label=words(parameter.name))
            self._select.props("dense outlined options-dense hide-bottom-space").tooltip(parameter.description)

    def value(self) -> Value | None:
        found: Value | None = self._select.value
        return found

    def begin(self, before: Value | None) -> None:
        self._select.set_value(self._first(before))

    def _first(self, before: Value | None) -> Value:
        return before if before is not None and before in self._choices else self._choices[0]
