"""What every consumer needs of readings, and the one place where a selection becomes them.

What makes readings otherwise, or changes them, stands between a plan and its `Readings` here; gateways, `generate`
and `verify` see no difference.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from park.columns import Columns
from simulator.commands.authority import Authority
from simulator.commands.outcomes import Outcomes
from simulator.event_columns import Tells
from simulator.faults.delivery.delivered import Delivered
from simulator.faults.delivery.labels import of_delivery
from simulator.faults.delivery.schedule import DeliverySchedule
from simulator.faults.faulty import Faulty
from simulator.faults.scale import SampledScales
from simulator.faults.telling import WithLabels
from simulator.fleet import Fleet
from simulator.plan import Plan, Selection, make_plan
from simulator.state import TownState


class Readings(Protocol):
    """The readings of a plan's devices: a pure function of time."""

    @property
    def plan(self) -> Plan:
        """The devices."""

    @property
    def events(self) -> Tells:
        """What the same devices tell between their readings."""

    def windows(self, start_ms: int, until_ms: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
        """Cuts [start, until) into windows of about `rows` readings each, by default as many as cost least."""

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        """The readings due in [start, until) of each kind that has any, in order of (ts, device)."""

    def count(self, start_ms: int, until_ms: int) -> int:
        """How many readings are due in [start, until)."""


def readings_of(selection: Selection, outcomes: Outcomes | None = None) -> Readings:
    """The readings of a selection, whose devices have been commanded so."""
    ((readings,), _) = obedient_readings([make_plan(selection)], Outcomes() if outcomes is None else outcomes)
    return readings


def readings_of_plans(plans: Sequence[Plan]) -> list[Readings]:
    """The readings of each of some plans of one selection, such as its gateways'; they share the world and models."""
    return obedient_readings(plans, Outcomes())[0]


def obedient_readings(plans: Sequence[Plan], outcomes: Outcomes) -> tuple[list[Readings], Authority]:
    """The same, and through whom their devices are commanded."""
    state = TownState(plans, outcomes.orders)
    authority = Authority(state, outcomes)
    selection = plans[0].selection
    if selection.faults is None:
        return [Fleet(plan, state, outcomes) for plan in plans], authority
    scales = SampledScales(selection)

    def taken(plan: Plan) -> Fleet | Faulty:
        """A plan's readings as its devices take them."""
        clean = Fleet(plan, state, outcomes)
        if selection.faults is None or not selection.faults.faults:
            return clean
        return Faulty(clean, Fleet(plan, state, outcomes), scales)

    if not selection.faults.delivery:
        return [taken(plan) for plan in plans], authority

    def delivered(plan: Plan) -> Delivered:
        """The same as they are delivered."""
        made = taken(plan)
        events = _labelled(made, plan) if selection.labels else None
        return Delivered(made, Fleet(plan, state, outcomes), taken, events)

    return [delivered(plan) for plan in plans], authority


def _labelled(made: Fleet | Faulty, plan: Plan) -> Tells:
    """What a plan's devices tell, with labels of all that goes wrong with their sensors and with delivery."""
    clean, truths = (made.clean, [made.truths]) if isinstance(made, Faulty) else (made, [])
    return WithLabels(clean, [*truths, of_delivery(DeliverySchedule(plan))])
