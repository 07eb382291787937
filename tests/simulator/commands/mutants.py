"""Wrong device sides: each breaks what commands must keep to, and is caught by the bar that says so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from park.command import State
from park.orders import Orders
from simulator.commands import desk as desk_module
from simulator.commands.authority import Authority
from simulator.commands.desk import Decided, Desk
from simulator.commands.memory import Known, Memory
from simulator.commands.outcomes import Outcomes
from simulator.commands.record import Record
from simulator.commands.standpoint import Standpoint
from tests.simulator.commands.town import SECOND


def ack_without_effect(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Authority, "add", lambda *_: None)


def effect_at_request_time(patch: pytest.MonkeyPatch) -> None:
    keep = Desk._note

    def note(self: Desk, record: Record, done: Decided, **more: Any) -> Known:
        return keep(self, replace(record, ts=record.issued) if record.state is State.ACCEPTED else record, done, **more)

    patch.setattr(Desk, "_note", note)


def forgets_at_a_restart(patch: pytest.MonkeyPatch) -> None:
    begin = Memory.__init__
    patch.setattr(Memory, "__init__", lambda self, _records=(): begin(self))


def does_what_is_retained(patch: pytest.MonkeyPatch) -> None:
    decide = Desk.decide

    def blind(self: Desk, letters: Iterable[Any], at: Standpoint) -> Decided:
        return decide(self, [replace(one, retained=False) for one in letters], at)

    patch.setattr(Desk, "decide", blind)


def never_expires(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(desk_module, "check_times", lambda *_: None)
    patch.setattr(Desk, "_order", _without_expiry(Desk._order))


def _without_expiry(order: Callable[..., Record]) -> Callable[..., Record]:
    def ordered(self: Desk, record: Record, request: Any) -> Record:
        found = order(self, replace(record, expires=record.ts + 3600 * SECOND), request)
        return replace(found, expires=record.expires)

    return ordered


def order_dependent_merge(patch: pytest.MonkeyPatch) -> None:
    """The last to arrive wins, whenever it takes effect."""
    add = Outcomes.add

    def merged(self: Outcomes, records: Iterable[Record]) -> Mapping[str, Orders]:
        latest = max((one.ts for one in self.records), default=0)
        told: Mapping[str, Orders] = {}
        for record in records:
            latest = max(latest, record.ts)
            told = add(self, [replace(record, ts=latest)])
        return told

    patch.setattr(Outcomes, "add", merged)


def no_interlocks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Authority, "refusal", lambda *_: None)
