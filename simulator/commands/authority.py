"""Through whom devices are commanded: what the models of a process are told, and asked."""

from collections.abc import Iterable

import numpy as np

from park.catalogue import PARAMETERS, Channel, ValueType
from park.columns import quantise
from park.event import Value
from simulator.commands.outcomes import Outcomes
from simulator.commands.record import Record
from simulator.plan import Group
from simulator.state import TownState


class Authority:
    """Gives orders to the models that some gateways of a process share.

    Args:
        state: the models.
        outcomes: all that is known of commands; more is added here.
    """

    def __init__(self, state: TownState, outcomes: Outcomes) -> None:
        self._state, self._outcomes = state, outcomes

    def add(self, records: Iterable[Record]) -> None:
        """Take more records; what they order holds from now on."""
        for name in self._outcomes.add(records):
            self._state.obey(name, self._outcomes.orders[name])

    def refusal(self, group: Group, number: int, action: str, values: tuple[float, ...], at_ms: int) -> str | None:
        """Why a device of the group does not take an order from a moment on; None if it does."""
        value = np.array([*values, *[np.nan] * (PARAMETERS - len(values))])
        return self._state.refusal(group, number, group.sector.actions[group.kind.name, action], value, at_ms)

    def measured(self, group: Group, number: int, at_ms: int) -> dict[str, Value]:
        """What a device of the group measures at a moment, as a reading says it."""
        day, at = self._state.moment(group, number, at_ms)
        seen, told = self._state.observe(group, day, at), dict[str, Value]()
        for channel in group.kind.channels:
            values, present = quantise(channel, seen[channel.name])
            if present is None or present[0]:
                told[channel.name] = _said(channel, values[0].item())
        return told


def _said(channel: Channel, k: int) -> Value:
    if channel.type is ValueType.TEXT:
        return channel.texts[k]
    if channel.type is ValueType.BOOL:
        return bool(k)
    return k if channel.type is ValueType.INT else k / channel.scale
