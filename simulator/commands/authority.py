"""Through whom devices are commanded: what the models of a process are told, and asked."""

from collections.abc import Iterable, Sequence

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
        for name, orders in self._outcomes.add(records).items():
            self._state.obey(name, orders)

    def decides_alone(self, group: Group, action: str) -> bool:
        """Whether `refusal` says the same whatever devices were told before."""
        return self._state.decides_alone(group, group.sector.actions[group.kind.name, action])

    def refusal(self, group: Group, number: int, action: str, values: tuple[float, ...], at_ms: int) -> str | None:
        """Why a device of the group does not take an order from a moment on; None if it does."""
        value = np.array([*values, *[np.nan] * (PARAMETERS - len(values))])
        return self._state.refusal(group, number, group.sector.actions[group.kind.name, action], value, at_ms)

    def measured(self, group: Group, number: Sequence[int], at_ms: Sequence[int]) -> list[dict[str, Value]]:
        """What devices of the group measure at moments of one day of the town, as readings say it."""
        day, at = self._state.moments(group, number, at_ms)
        seen, told = self._state.observe(group, day, at), [dict[str, Value]() for _ in number]
        for channel in group.kind.channels:
            values, present = quantise(channel, seen[channel.name])
            for row, value in enumerate(values.tolist()):
                if present is None or present[row]:
                    told[row][channel.name] = _said(channel, value)
        return told

    def day_of(self, at_ms: int) -> int:
        """The town's day of a moment."""
        return int(self._state.world.day_index(at_ms))


def _said(channel: Channel, k: int) -> Value:
    if channel.type is ValueType.TEXT:
        return channel.texts[k]
    if channel.type is ValueType.BOOL:
        return bool(k)
    return k if channel.type is ValueType.INT else k / channel.scale
