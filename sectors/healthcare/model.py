"""The healthcare sector's model: stays, registers, the air remembered and the fridge's phase are carried."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from park.days import Days, through_blocks
from park.grid import devices
from park.happenings import Happenings
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, Streams, WorldDay
from sectors.healthcare import air, board, events, fridge, inhaler, monitor, nebuliser, patch, pump, stays
from sectors.healthcare.vitals import Patients


class HealthcareDay:
    """One day of C cells; each part is made when it is first asked for."""

    def __init__(self, setting: Setting, cells: Ints, carry: Carry, world: WorldDay) -> None:
        self.setting, self.cells, self.world = setting, cells, world
        self._streams, self._carry = setting.streams, carry
        self._days = Days(setting=setting, once=cells, worlds=[world])

    @cached_property
    def beds(self) -> stays.Beds:
        """Of the bays, flat."""
        return stays.beds(self._streams, self._days, self._carry)

    @cached_property
    def patients(self) -> Patients:
        """Who lie in them."""
        return Patients(self._streams, self.beds, self.world.index)

    @cached_property
    def stir(self) -> Floats:
        """Of all beds: how much each moves beyond the hour's."""
        return patch.stirring(self._streams, self.beds.number, self.world.index)

    @cached_property
    def infusions(self) -> pump.Infusions:
        """Of the pumps, flat."""
        volume = np.asarray(self._carry["volume"]).reshape(-1)
        return pump.infusions(self._streams, self.beds, volume, self.world.index)

    @cached_property
    def burden(self) -> Floats:
        """(C, GRID_POINTS) how much more is puffed for the air of the last days."""
        return air.burden(air.remembered(self._days, self._carry["air"])[0])

    @cached_property
    def sessions(self) -> nebuliser.Sessions:
        """Of the nebulisers, flat."""
        number = devices(self.cells, nebuliser.NEBULISERS).reshape(-1)
        before = np.asarray(self._carry["sessions"]).reshape(-1)
        return nebuliser.sessions(self._streams, number, before, self.burden, self.world.index)

    @cached_property
    def puffs(self) -> inhaler.Puffs:
        """Of the inhalers, flat."""
        number = devices(self.cells, inhaler.INHALERS).reshape(-1)
        before = np.asarray(self._carry["puffs"]).reshape(-1)
        return inhaler.puffs(self._streams, number, before, self.burden, self.world.index)

    @cached_property
    def fridges(self) -> fridge.Fridges:
        """Of the medicine fridges."""
        outdoor = self._days.weather(lambda world: world.temperature)[self._days.site]
        return fridge.Fridges(self._streams, self.cells, np.asarray(self._carry["phase"]), self.world, outdoor)

    @cached_property
    def board(self) -> board.Board:
        """Of the bays."""
        calls = board.calls(self._streams, self.cells, self.world.index)
        return board.Board(beds=self.beds, calls=calls, before=self._carry)


def _after(days: Days, carry: Carry) -> Carry:
    """What some days leave, without a moment of what happens in them."""
    streams = days.setting.streams
    beds = stays.beds(streams, days, carry)
    memory, breathed = air.remembered(days, carry["air"])
    burden = air.burden(memory)
    number, index = {}, {}
    for name in ("volume", "sessions", "puffs"):
        units = carry[name].shape[1]
        number[name], index[name] = devices(days.cells, units).reshape(-1), np.repeat(days.index, units)
    none = np.zeros(len(index["sessions"]), dtype=np.int64)
    admitted, until = (days.by_day(part, carry["until"])[-1] for part in stays.after(beds))
    return {
        "admitted": admitted,
        "until": until,
        **days.counted(
            carry,
            admissions=beds.comes.reshape(-1, stays.BEDS).sum(axis=-1),
            discharges=beds.leaves.reshape(-1, stays.BEDS).sum(axis=-1),
            nurse_calls=board.number_of_calls(streams, days.cells, days.index),
            volume=pump.infusions(streams, beds, np.zeros(len(index["volume"])), index["volume"]).before[:, -1],
            sessions=nebuliser.sessions(streams, number["sessions"], none, burden, index["sessions"]).after,
            puffs=inhaler.number_of_puffs(streams, number["puffs"], burden, index["puffs"]),
        ),
        "air": breathed,
        "phase": fridge.phase_after(days, carry["phase"]),
    }


class Healthcare:
    """Implements `park.model.Model`, `park.model.Strides` and `park.happenings.Tells`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def begin(self, cells: Ints) -> Carry:
        """Stays under way, registers of devices that have been used before, middling air."""
        streams = self._setting.streams
        number = {name: devices(cells, count) for name, count in _UNITS.items()}
        used = {name: streams.uniform(f"healthcare.used.{name}", units) for name, units in number.items()}
        lying = stays.begin(streams, devices(cells, stays.BEDS))
        left = np.floor(400 * used["discharges"][:, 0]).astype(np.int64)
        return {
            **lying,
            "admissions": left + (np.asarray(lying["until"]) > 0).sum(axis=-1),
            "discharges": left,
            "nurse_calls": np.floor(9000 * used["nurse_calls"][:, 0]).astype(np.int64),
            "volume": np.floor(200_000 * used["volume"]),
            "sessions": np.floor(1500 * used["sessions"]).astype(np.int64),
            "puffs": np.floor(1200 * used["puffs"]).astype(np.int64),
            "air": np.repeat(air.MIDDLE[None, :], len(cells), axis=0),
            "phase": used["phase"][:, 0],
        }

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        """What the day leaves."""
        return self.stride(cells, carry, [world])

    def stride(self, cells: Ints, carry: Carry, worlds: Sequence[WorldDay]) -> Carry:
        """What consecutive days leave."""
        return through_blocks(_after, self._setting, cells, carry, worlds)

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> HealthcareDay:
        """The cells through one day."""
        return HealthcareDay(self._setting, cells, carry, world)

    def observe(self, kind: str, state: HealthcareDay, at: Moments) -> Observation:
        """What the devices of `kind` measure."""
        return _OBSERVERS[kind](self._setting.streams, state, at)

    def tell(self, kind: str, state: HealthcareDay) -> Sequence[Happenings]:
        """What the devices of `kind` tell."""
        return _TELLERS[kind](state, int(state.world.times[0])) if kind in _TELLERS else ()


_UNITS = {
    "discharges": 1,
    "nurse_calls": 1,
    "volume": pump.PUMPS,
    "sessions": nebuliser.NEBULISERS,
    "puffs": inhaler.INHALERS,
    "phase": 1,
}

_OBSERVERS: Mapping[str, Callable[[Streams, HealthcareDay, Moments], Observation]] = {
    "bedside_monitor": lambda streams, day, at: monitor.observe(streams, day.patients, day.world.index, at),
    "wearable_patch": lambda streams, day, at: patch.observe(streams, day.patients, day.stir, day.world.index, at),
    "infusion_pump": lambda streams, day, at: pump.observe(streams, day.infusions, at),
    "nebuliser": lambda streams, day, at: nebuliser.observe(streams, day.sessions, at),
    "smart_inhaler": lambda streams, day, at: inhaler.observe(streams, day.puffs, day.world.index, at),
    "medicine_fridge": lambda streams, day, at: fridge.observe(streams, day.fridges, at),
    "bed_board": lambda streams, day, at: board.observe(streams, day.board, day.world.index, at),
}

#: Kind to what its devices tell of a day that begins at a time.
_TELLERS: Mapping[str, Callable[[HealthcareDay, int], list[Happenings]]] = {
    "bedside_monitor": lambda day, first_ms: events.of_monitors(day.patients, first_ms),
}

MODEL = Healthcare
