"""A sector that obeys, for tests alone: rooms with heaters that are told a temperature, on the day's grid."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from park.catalogue import Action, Behaviour, Channel, DeviceKind, Sector
from park.grid import GRID_H, STEPS, Sampler, commanded, rows
from park.model import Carry, Floats, Ints, Moments, Observation, Orders, Setting, WorldDay

HEATER = DeviceKind(
    name="heater",
    title="Heater",
    description="An electric heater with its thermostat.",
    per_cell=2,
    carries_all=True,
    actions=(
        Action(
            name="set_target",
            description="Keep another temperature.",
            parameters=(
                Channel(name="target", unit="Cel", low=5, high=30, decimals=1, description="To be kept"),
                Channel(name="power", unit="kW", low=0.5, high=2, decimals=1, description="At most"),
            ),
        ),
    ),
    channels=(
        Channel(name="temperature", unit="Cel", low=-30, high=60, decimals=4, description="Of the room"),
        Channel(name="target", unit="Cel", low=5, high=30, decimals=4, description="To be kept"),
        Channel(
            name="energy", unit="kWh", high=1e6, decimals=6, behaviour=Behaviour.REGISTER, description="Used so far"
        ),
    ),
)
SECTOR = Sector(
    name="heaters",
    title="Heaters",
    description="Heated rooms.",
    cell="a room with two heaters",
    kinds=(HEATER,),
)
SET_TARGET = SECTOR.actions["heater", "set_target"]
_KEPT = np.exp(-GRID_H / 0.7)


@dataclass(frozen=True, kw_only=True, eq=False)
class HeaterDay:
    """(C * per_cell, points) each."""

    temperature: Floats
    target: Floats
    power: Floats
    energy: Floats


class Heaters:
    """Implements `park.model.Model`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._units = setting.per_cell[HEATER.name]

    def begin(self, cells: Ints) -> Carry:
        shape = (len(cells), self._units)
        start = {"temperature": 15.0, "target": 18.0, "power": 1.0, "energy": 0.0}
        return {name: np.full(shape, value) for name, value in start.items()}

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        day = self.day(cells, carry, world, orders)
        return {name: getattr(day, name)[:, -1].reshape(len(cells), self._units).copy() for name in carry}

    def day(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> HeaterDay:
        target, most = (
            commanded(
                orders,
                SET_TARGET,
                parameter,
                cells=cells,
                per_cell=self._units,
                times=world.times,
                before=carry[name].reshape(-1),
            )
            for parameter, name in enumerate(("target", "power"))
        )
        outside = np.repeat(world.temperature[self._setting.site_of(cells)], self._units, axis=0)
        temperature, energy = np.empty_like(target), np.empty_like(target)
        temperature[:, 0], energy[:, 0] = carry["temperature"].reshape(-1), carry["energy"].reshape(-1)
        for k in range(STEPS):
            # What was told at the instant before decides how the line to the next one runs.
            told, limit = self.seen(target, k), self.seen(most, k)
            power = np.clip(0.5 * (told - temperature[:, k]), 0.0, limit)
            steady = outside[:, k] + 12.0 * power
            temperature[:, k + 1] = steady + (temperature[:, k] - steady) * _KEPT
            energy[:, k + 1] = energy[:, k] + power * GRID_H
        return HeaterDay(temperature=temperature, target=target, power=most, energy=energy)

    def seen(self, told: Floats, k: int) -> Floats:
        return np.asarray(told[:, k])

    def observe(self, kind: str, state: HeaterDay, at: Moments) -> Observation:
        assert kind == HEATER.name
        here = Sampler(rows(at, self._units), at.x)
        noise = 0.01 * self._setting.streams.normal("heaters.noise", at.device, at.ts)
        target: npt.NDArray[np.float64] = here.hold(state.target)
        return {
            "temperature": here.line(state.temperature) + noise,
            "target": target,
            "energy": here.line(state.energy),
        }


class Foreseeing(Heaters):
    """Uses the end of a step for the line that leads to it."""

    def seen(self, told: Floats, k: int) -> Floats:
        return np.asarray(told[:, k + 1])


class Replanning(Heaters):
    """Plans the whole day by the last order of it."""

    def seen(self, told: Floats, k: int) -> Floats:  # noqa: ARG002
        return np.asarray(told[:, -1])


class Forgetful(Heaters):
    """Begins each day as if nothing had been said."""

    def advance(self, cells: Ints, carry: Carry, world: WorldDay, orders: Orders) -> Carry:
        return {**super().advance(cells, carry, world, orders), "target": self.begin(cells)["target"]}


class Crowded(Heaters):
    """Heats a room by what all are told."""

    def seen(self, told: Floats, k: int) -> Floats:
        return np.asarray(told[:, k] + 0.01 * told[:, k].mean())


class Remembering(Heaters):
    """Keeps the warmest that it was ever told."""

    warmest = 0.0

    def seen(self, told: Floats, k: int) -> Floats:
        self.warmest = max(self.warmest, float(told[:, k].max()))
        return np.minimum(told[:, k], 0.9 * self.warmest)
