"""The panel from which devices are commanded: what is asked, what the device says of it, and what it measures."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from nicegui import ui

from dashboards.errors import SendError
from dashboards.sources.base import Curve, Value
from dashboards.viewer import fields, told
from dashboards.viewer.card import Draw
from dashboards.viewer.fields import words
from dashboards.viewer.orders import Order, Orders, order
from dashboards.viewer.windows import Moment, Reader
from park.catalogue import DeviceKind
from park.errors import CommandRefused
from park.topics import DeviceTopic, is_level

STYLE = Path(__file__).with_name("commands.css")
#: By a channel's name in words: its value, its time by the town's clock, and whether it is from before the command.
Measured: TypeAlias = dict[str, tuple[str, str, bool]]

_SELECT = "dense outlined options-dense hide-bottom-space"


class CommandPanel:
    """Commands one device at a time.

    Args:
        kinds: whose devices may be chosen; each has actions.
        orders: of all browsers.
        utc_offset_ms: the town's clock less UTC.
    """

    def __init__(self, kinds: Sequence[DeviceKind], orders: Orders, *, utc_offset_ms: int) -> None:
        self._kinds = {kind.name: kind for kind in kinds}
        self._orders, self._shift = orders, utc_offset_ms
        self._kind, self._action = kinds[0], kinds[0].actions[0]
        self._devices: dict[str, DeviceTopic] = {}
        self._readings: dict[tuple[str, str], told.Reading] = {}
        self._fields: dict[str, fields.Field] = {}
        self._is_choosing = False
        with ui.element("section").classes("park-card park-command") as self.body:
            self.body.props('aria-label="Command a device"')
            with ui.element("header"):
                ui.label("Command a device").classes("park-title")
                self._story = ui.label().classes("park-story")
            self._add_form()
            self._problem = ui.label().classes("park-command-problem").props('role="alert"')
            self._board = _Board()
        self._complain("")
        self._kind_chosen()
        orders.watch(self)

    async def ask(self, reader: Reader, moment: Moment) -> Draw | None:
        """Ask which devices there are, and what they measure."""
        kind, everywhere = self._kind, Moment(now=moment.now, span=moment.span)
        return functools.partial(self._take, kind, await reader.latest(told.readings(kind), everywhere))

    def news(self, one: Order) -> None:
        """Show an order's news, if it is the chosen device's."""
        if one.where.device == self._device.value and not self.body.is_deleted:
            self._draw()

    def _add_form(self) -> None:
        with ui.element("div").classes("park-command-form"):
            titles = {name: kind.title for name, kind in self._kinds.items()}
            self._of_kind = ui.select(
                titles, value=self._kind.name, label="Kind of device", on_change=self._kind_chosen
            )
            self._of_kind.props(_SELECT).set_visibility(len(titles) > 1)
            self._device = ui.select({}, label="Device", with_input=True, on_change=self._device_chosen)
            self._device.props(_SELECT).classes("park-command-device")
            self._device.on("focus", lambda: self._choosing(begins=True), [])
            self._device.on("blur", lambda: self._choosing(begins=False), [])
            self._of_action = ui.select({}, label="Action", on_change=self._action_chosen).props(_SELECT)
            self._inputs = ui.element("div").classes("park-command-inputs")
            self._button = ui.button("Send", icon="send", on_click=self._send).props("unelevated no-caps")
        self._button.classes("park-command-send")

    def _kind_chosen(self) -> None:
        self._kind = self._kinds[self._of_kind.value]
        self._devices, self._readings = {}, {}
        self._device.set_options({}, value=None)
        actions = {action.name: words(action.name) for action in self._kind.actions}
        self._of_action.set_options(actions, value=next(iter(actions)))
        self._action_chosen()

    def _action_chosen(self) -> None:
        chosen = self._of_action.value
        self._action = next((one for one in self._kind.actions if one.name == chosen), self._kind.actions[0])
        self._story.set_text(self._action.description.replace("`", ""))
        self._complain("")
        self._add_inputs()
        self._draw()

    def _device_chosen(self) -> None:
        self._button.set_enabled(self._device.value is not None)
        self._complain("")
        for name, one in self._fields.items():
            one.begin(self._reading(name))
        self._draw()

    def _choosing(self, *, begins: bool) -> None:
        """The list stays as it is under the hand of who types in it: options that change undo what is typed."""
        self._is_choosing = begins
        if not begins:
            self._list_devices()

    def _add_inputs(self) -> None:
        self._inputs.clear()
        with self._inputs:
            self._fields = {
                one.name: fields.field(one, self._reading(one.name), self._send) for one in self._action.parameters
            }

    def _take(self, kind: DeviceKind, answer: Sequence[Curve]) -> None:
        """Of an answer, the devices and their newest readings; one that came for another kind is let go."""
        if kind is not self._kind:
            return
        for curve in answer:
            where = DeviceTopic(kind=kind.name, **curve.tags)
            if is_level(where.device) and is_level(where.site) and is_level(where.sector):
                self._devices[where.device] = where
                self._readings[where.device, curve.field] = curve.times[-1], curve.values[-1]
        if not (self._is_choosing and self._device.options):
            self._list_devices()
        self._draw()

    def _list_devices(self) -> None:
        options = {name: f"{name} · {self._devices[name].site}" for name in sorted(self._devices)}
        if options != self._device.options:
            self._device.set_options(options, value=self._device.value or next(iter(options), None))

    def _reading(self, channel: str) -> Value | None:
        found = self._readings.get((str(self._device.value), channel))
        return None if found is None else found[1]

    def _send(self) -> None:
        where = self._devices.get(str(self._device.value))
        if where is None:
            self._complain("Choose a device first.")
            return
        args = {name: value for name, one in self._fields.items() if (value := one.value()) is not None}
        try:
            self._orders.give(order(where, self._action, args))
        except (SendError, CommandRefused) as refused:
            self._complain(str(refused))
        else:
            self._complain("")

    def _draw(self) -> None:
        device = str(self._device.value)
        last, answer = self._orders.last(device), self._orders.measured(device)
        since = 0 if last is None or last.ended_badly else last.request.issued + self._shift
        measured: Measured = {}
        for channel in told.shown(self._kind, self._action if last is None else last.action):
            text, at = told.measured(answer, channel, self._readings.get((device, channel.name)), self._shift)
            measured[words(channel.name)] = text, "" if at is None else told.clock(at, 0), at is not None and at < since
        self._board.draw(last, measured if self._devices else {}, self._shift)

    def _complain(self, problem: str) -> None:
        self._problem.set_visibility(bool(problem))
        self._problem.set_text(problem)


class _Board:
    """Commanded, accepted, measured: beside one another, so that they can be compared."""

    def __init__(self) -> None:
        with ui.element("div").classes("park-command-told"):
            self._commanded, self._when = _told("Commanded")
            self._accepted, self._why = _told("Accepted", 'aria-live="polite"')
            with ui.element("div").classes("park-command-part").props('data-told="Measured"'):
                ui.label("Measured").classes("park-command-head")
                self._measured = ui.element("dl").classes("park-command-rows")
        self._drawn: Measured | None = None

    def draw(self, last: Order | None, measured: Measured, shift_ms: int) -> None:
        """Show an order, None for none yet, and what its device measures."""
        if last is None:
            said = told.Said(text="–")
            self._commanded.set_text("Nothing yet")
            self._when.set_text("")
        else:
            said = told.accepted(last, shift_ms)
            self._commanded.set_text(told.commanded(last))
            self._when.set_text(f"{last.where.device} · {told.clock(last.request.issued, shift_ms)}")
        self._accepted.set_text(said.text)
        self._accepted.classes(replace=f"park-command-text {said.level}")
        self._why.set_text(said.detail)
        if measured != self._drawn:
            self._drawn = measured
            self._list(measured)

    def _list(self, measured: Measured) -> None:
        self._measured.clear()
        with self._measured:
            if not measured:
                ui.label("Waiting for readings").classes("park-command-detail")
            for name, (value, when, old) in measured.items():
                with ui.element("div").classes("old" if old else ""):
                    _word("dt", name)
                    _word("dd", value)
                    _word("dd", when).classes("park-command-detail")


def _word(tag: str, text: str) -> ui.element:
    with ui.element(tag) as element:
        ui.label(text)
    return element


def _told(head: str, props: str = "") -> tuple[ui.label, ui.label]:
    with ui.element("div").classes("park-command-part").props(f'data-told="{head}" {props}'):
        ui.label(head).classes("park-command-head")
        return ui.label().classes("park-command-text"), ui.label().classes("park-command-detail")
