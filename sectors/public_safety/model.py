"""The public safety sector: who is in the squares, and what cameras, heads and columns make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.days import Days, through_blocks
from park.grid import devices, smooth_noise
from park.happenings import Happenings
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay
from sectors.public_safety import calls, cameras, events, fire, gathering, health, visitors
from sectors.public_safety.catalogue import (
    CALL_POINT,
    CAMERA_HEALTH,
    FIRE_DETECTOR,
    LINE_COUNTER,
    LINES,
    ZONE_CAMERA,
    ZONES,
)
from sectors.public_safety.square import Squares, squares


@dataclass(frozen=True, kw_only=True, eq=False)
class SafetyDay:
    """One day of C squares, each part made when first observed."""

    setting: Setting
    cells: Ints
    carry: Carry
    world: WorldDay
    square: Squares

    @cached_property
    def site(self) -> Ints:
        """(C,) rows of the world's arrays."""
        return self.setting.site_of(self.cells)

    @cached_property
    def visitors(self) -> visitors.Visitors:
        """Who is there."""
        return visitors.visitors(self.setting, self.square, self.world)

    @cached_property
    def gatherings(self) -> gathering.Gatherings:
        """Who come for an evening."""
        return gathering.gatherings(self.setting.streams, self.square, self.world)

    @cached_property
    def health(self) -> health.Health:
        """How the cameras are."""
        return health.health(self.setting.streams, self.visitors, self.site, self.world)

    @cached_property
    def cameras(self) -> cameras.Cameras:
        """What they see."""
        zone = devices(self.cells, ZONES).ravel()
        slow = smooth_noise(self.setting.streams, "zone.dwell", (zone,), self.world.index, 12)
        return cameras.Cameras(visitors=self.visitors, health=self.health, world=self.world, slow=slow)

    @cached_property
    def heads(self) -> fire.Heads:
        """Fire detectors."""
        heads = self.setting.per_cell[FIRE_DETECTOR.name]
        return fire.heads(self.setting.streams, self.cells, heads, self.site, self.world)

    @cached_property
    def calls(self) -> calls.Calls:
        """Call points."""
        streams, square = self.setting.streams, self.square
        per_cell = self.setting.per_cell[CALL_POINT.name]
        days = Days(setting=self.setting, once=self.cells, worlds=[self.world])
        busy = np.repeat(_busy(square, visitors.totals(days, square)), per_cell)
        column = devices(self.cells, per_cell).ravel()
        before = self.carry["calls"].reshape(-1), self.carry["answered"].reshape(-1)
        return calls.calls(streams, column, before, busy, self.world.index)


def _busy(square: Squares, total: visitors.Totals) -> Floats:
    """(C,) the day's visitors over those of a mean day."""
    return np.asarray((total.entered[:, 0] + total.entered[:, 1]) / square.visitors)


#: Kind to what its devices report.
OBSERVERS: Mapping[str, Callable[[SafetyDay, Moments], Observation]] = {
    ZONE_CAMERA.name: lambda day, at: cameras.observe(day.setting.streams, day.cameras, at),
    LINE_COUNTER.name: lambda day, at: visitors.observe(day.visitors, (day.carry["entered"], day.carry["left"]), at),
    CAMERA_HEALTH.name: lambda day, at: health.observe(day.health, at),
    FIRE_DETECTOR.name: lambda day, at: fire.observe(day.setting.streams, day.heads, at),
    CALL_POINT.name: lambda day, at: calls.observe(
        day.setting.streams, day.calls, day.setting.per_cell[CALL_POINT.name], at
    ),
}

#: Kind to what its devices tell of a day that begins at a time.
TELLERS: Mapping[str, Callable[[SafetyDay, int], list[Happenings]]] = {
    ZONE_CAMERA.name: lambda day, first_ms: events.of_zones(day.gatherings, ZONES, first_ms),
    FIRE_DETECTOR.name: lambda day, first_ms: events.of_heads(day.heads, first_ms),
    CALL_POINT.name: lambda day, _: events.of_columns(day.calls, day.setting.per_cell[CALL_POINT.name]),
}


class SafetyModel:
    """Implements `park.model.Model`, `park.model.Strides` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._known: tuple[bytes, Squares] | None = None

    def begin(self, cells: Ints) -> Carry:
        """Nobody counted but those who are in the squares already, and calls from before."""
        entered = np.zeros((len(cells), LINES), dtype=np.int64)
        entered[:, 0] = visitors.overnight(self._setting.streams, self._squares(cells), 0)
        made, answered = calls.start(self._setting.streams, devices(cells, self._setting.per_cell[CALL_POINT.name]))
        return {"entered": entered, "left": np.zeros_like(entered), "calls": made, "answered": answered}

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """Adds the day's totals; no minute is drawn for it."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """Adds the totals of consecutive days."""
        return through_blocks(self._after, self._setting, cells, carry, worlds, rows=128)

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> SafetyDay:
        """The day, not yet computed."""
        return SafetyDay(setting=self._setting, cells=cells, carry=carry, world=world, square=self._squares(cells))

    def observe(self, kind: str, state: SafetyDay, at: Moments) -> Observation:
        """What the devices of `kind` report."""
        return OBSERVERS[kind](state, at)

    def tell(self, kind: str, state: SafetyDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return TELLERS[kind](state, int(state.world.times[0])) if kind in TELLERS else ()

    def _after(self, days: Days, carry: Carry) -> Carry:
        """What some days leave."""
        square, columns = self._squares(days.once).tiled(len(days.worlds)), carry["calls"].shape[1]
        total = visitors.totals(days, square)
        busy, day = np.repeat(_busy(square, total), columns), np.repeat(days.index, columns)
        streams, column = self._setting.streams, devices(days.cells, columns).ravel()
        made = calls.number(streams, column, busy, day)
        answered = carry["answered"]
        for waited in days.by_day(calls.last_wait(streams, column, made, day), answered):
            answered = np.where(waited > 0, waited, answered)
        counted = days.counted(carry, entered=total.entered, left=total.left, calls=made)
        return {**counted, "answered": answered}

    def _squares(self, cells: Ints) -> Squares:
        """The squares of these cells; those last asked for are kept."""
        key = cells.tobytes()
        if self._known is None or self._known[0] != key:
            self._known = key, squares(self._setting.streams, cells)
        return self._known[1]


MODEL = SafetyModel
