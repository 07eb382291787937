"""Readings of an incident's devices, with all that goes wrong in them."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from park.codecs import Codec
from park.codecs.base import Write
from park.columns import Columns
from park.text import Rows
from simulator.event_columns import Tells
from simulator.faults.faulty import Faulty
from simulator.faults.scale import SampledScales
from simulator.faults.schedule import Fault, FaultSchedule
from simulator.fleet import Fleet
from simulator.incidents.cast import Cast
from simulator.incidents.scenes import Delivery
from simulator.incidents.tricks import Hit, Trick
from simulator.observed import Readings
from simulator.plan import Group, Plan
from simulator.state import TownState

_TORN_BYTES = 3


class _Scripted(FaultSchedule):
    """Faults at moments that are given, not drawn."""

    def __init__(self, plan: Plan, faults: tuple[Fault, ...]) -> None:
        super().__init__(plan, SampledScales(plan.selection))
        self._scripted = faults

    def of(self, group: Group, start_ms: int, until_ms: int) -> list[Fault]:
        """Those of a group that lie in [start, until) in part."""
        return [
            fault
            for fault in self._scripted
            if fault.device in group.device and fault.start_ms < until_ms and fault.end_ms > start_ms
        ]


def faulty_readings(cast: Cast, plan: Plan, state: TownState) -> Faulty:
    """The readings of a part of an incident's devices, with what goes wrong with sensors."""
    readings = Faulty(Fleet(plan, state), Fleet(plan, state), SampledScales(plan.selection))
    readings.schedule = _Scripted(plan, cast.faults)
    return readings


def staged(cast: Cast, plan: Plan, state: TownState) -> Readings:
    """The same, as they are sent."""
    readings = faulty_readings(cast, plan, state)
    strike = cast.scene.strike
    return _Disturbed(readings, cast.hit, strike.trick) if isinstance(strike, Delivery) else readings


class _Disturbed:
    """Implements `simulator.observed.Readings`: readings on which delivery plays a trick."""

    def __init__(self, made: Faulty, hit: Hit, trick: Trick) -> None:
        self._made, self._hit, self._trick = made, hit, trick

    @property
    def plan(self) -> Plan:
        return self._made.plan

    @property
    def events(self) -> Tells:
        return self._made.events

    def windows(self, start_ms: int, until_ms: int, rows: int | None = None) -> Iterator[tuple[int, int]]:
        return self._made.windows(start_ms, until_ms, rows)

    def columns(self, start_ms: int, until_ms: int) -> list[Columns]:
        return self._trick.sent(self._made.columns, self._hit, start_ms, until_ms)

    def count(self, start_ms: int, until_ms: int) -> int:
        return self._made.count(start_ms, until_ms)


def torn_codec(codec: Codec, cast: Cast) -> Codec:
    """The codec, if payloads are to be whole; else one whose payloads of the victims end too early."""
    strike = cast.scene.strike
    if not isinstance(strike, Delivery) or not strike.trick.torn:
        return codec
    return replace(codec, encoder=lambda kind: _tearing(codec.encoder(kind), cast.hit))


def _tearing(write: Write, hit: Hit) -> Write:
    def torn(columns: Columns) -> Rows:
        rows = write(columns)
        keep = rows.mask().copy()
        behind = np.cumsum(keep[:, ::-1], axis=1)[:, ::-1]
        keep[hit.rows(columns)[:, None] & (behind <= _TORN_BYTES)] = False
        return Rows(rows.cells, keep)

    return torn
