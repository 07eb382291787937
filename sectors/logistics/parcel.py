"""Parcel loggers: what a parcel feels in the warehouse, in the lorry and at the receiver's, and who keeps it.

References:
    USP <1079.2>: mean kinetic temperature, heat of activation 83.144 kJ/mol.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.grid import HOURS, STEPS, Sampler, devices, integral, rows, smooth_noise
from park.model import GRID_POINTS, GRID_S, Bools, Carry, Floats, Ints, Moments, Observation
from sectors.logistics.catalogue import PARCEL_LOGGER
from sectors.logistics.custody import chain, sealed
from sectors.logistics.instruments import Bench
from sectors.logistics.route import LEGS, STOPS
from sectors.logistics.truck import TruckDay

ACTIVATION_K = 10_000.0  # 83.144 kJ/mol over R
LOW, HIGH = 2.0, 8.0
_ZERO = 273.15
_LAG_S = 5000.0  # of a packed parcel
_CARRIER, _RECEIVER, _HANDED = 1, 2, 3  # handings over until it is with each, and in a day
_KEEPERS = (_CARRIER, _RECEIVER, 0)
_HANDED_S = 1500.0
_RETURN_S = 19.0 * 3600.0  # back at the warehouse by 23:00


def mean_kinetic(temperature: Floats, hours: Floats) -> Floats:
    """(..., points) of a series on a grid of hours, up to each instant; at the first, its own value. Cel."""
    factor = np.exp(-ACTIVATION_K / (temperature + _ZERO))
    mean = factor.copy()
    mean[..., 1:] = integral(factor)[..., 1:] / hours[1:]
    return np.asarray(ACTIVATION_K / -np.log(mean) - _ZERO)


@dataclass(frozen=True, kw_only=True, eq=False)
class ParcelDay:
    """R loggers through a day, or several."""

    trucks: TruckDay
    carry: Carry

    @property
    def per_cell(self) -> int:
        """Loggers of a hub."""
        return self.trucks.days.setting.per_cell[PARCEL_LOGGER.name]

    @cached_property
    def number(self) -> Ints:
        """(R,) numbers of the devices."""
        return devices(self.trucks.days.cells, self.per_cell).reshape(-1)

    @cached_property
    def index(self) -> Ints:
        """(R,) numbers of the days."""
        return np.repeat(self.trucks.days.index, self.per_cell)

    @cached_property
    def truck(self) -> Ints:
        """(R,) rows of their lorries: the hub's first."""
        return np.repeat(np.arange(len(self.trucks.days.cells)), self.per_cell) * self.trucks.rounds.per_cell

    @cached_property
    def handed(self) -> Floats:
        """(R, 3) seconds: to the carrier, to the receiver at one of the stops, back to the warehouse."""
        rounds, streams = self.trucks.rounds, self.trucks.days.setting.streams
        stop = 1 + np.floor(STOPS * streams.uniform("parcel.stop", self.number, self.index)).astype(np.int64)
        at_stop = rounds.arrives.reshape(-1).take(self.truck * LEGS + stop) + 240.0
        loaded = rounds.loads.take(self.truck) + 900.0
        back = np.maximum(_RETURN_S - 3600.0 * streams.uniform("parcel.back", self.number, self.index), 0.0)
        return np.stack([loaded, at_stop, np.maximum(back, at_stop + 1800.0)], axis=1)

    def passed(self, row: Ints, t: Floats) -> Ints:
        """(N,) how often each has been handed over since 04:00."""
        handed = self.handed.reshape(-1)
        first = row * _HANDED
        passed = np.zeros(len(row), dtype=np.int64)
        for k in range(_HANDED):
            passed += handed.take(first + k) <= t
        return passed

    def keeper(self, row: Ints, t: Floats) -> Ints:
        """(N,) 0 warehouse, 1 carrier, 2 receiver."""
        return self.passed(row, t) % _HANDED

    @cached_property
    def digests(self) -> Ints:
        """(R, 4) as the day begins, and after each hand-over."""
        begun = np.asarray(self.carry["parcel_digest"]).reshape(-1)
        number, links = self.number[: len(begun)], []
        for _ in self.trucks.days.worlds:
            links.append(chain(begun, number, _KEEPERS))
            begun = links[-1][:, -1]
        return np.concatenate(links)

    @cached_property
    def jumps(self) -> Floats:
        """(R, 3) K between the place that a parcel leaves and the one that it comes to, at each hand-over."""
        row = np.arange(len(self.number))
        first, second, third = (self._waves(row, t) for t in self.handed.T)
        return np.stack(
            [
                _in_warehouse(first) - self._carrier(row, self.handed[:, 0], first),
                self._carrier(row, self.handed[:, 1], second) - _at_receiver(second),
                _at_receiver(third) - _in_warehouse(third),
            ],
            axis=1,
        )

    def temperature(self, row: Ints, t: Floats) -> Floats:
        """(N,) Cel: each hand-over fades into the next place."""
        passed, wave = self.passed(row, t), self._waves(row, t)
        at = np.where(passed == _RECEIVER, _at_receiver(wave), _in_warehouse(wave))
        carried = np.flatnonzero(passed == _CARRIER)
        at[carried] = self._carrier(row[carried], t[carried], wave[carried])
        moved = np.flatnonzero(passed)
        latest = row[moved] * _HANDED + passed[moved] - 1
        since = t[moved] - self.handed.reshape(-1).take(latest)
        at[moved] += self.jumps.reshape(-1).take(latest) * np.exp(-since / _HANDED_S)
        return at

    @cached_property
    def series(self) -> Floats:
        """(R, GRID_POINTS) Cel."""
        row = np.repeat(np.arange(len(self.number)), GRID_POINTS)
        t = np.tile(np.arange(GRID_POINTS) * float(GRID_S), len(self.number))
        return self.temperature(row, t).reshape(-1, GRID_POINTS)

    @cached_property
    def kinetic(self) -> Floats:
        """(R, GRID_POINTS) mean kinetic temperature since 04:00, Cel."""
        return mean_kinetic(self.series, HOURS)

    @cached_property
    def out(self) -> Bools:
        """(R, STEPS) whether a step of the grid counts as out of range: its first instant does."""
        return np.asarray((self.series < LOW) | (self.series > HIGH))[:, :STEPS]

    @cached_property
    def minutes(self) -> Floats:
        """(R, GRID_POINTS) out of range since 04:00."""
        total = np.zeros((len(self.number), GRID_POINTS))
        np.cumsum(self.out * (GRID_S / 60.0), axis=1, out=total[:, 1:])
        return total

    def after(self) -> Carry:
        """What the day leaves."""
        minutes, days = self.carry["parcel_minutes"], self.trucks.days
        return {
            **days.counted(self.carry, parcel_minutes=self.minutes[:, -1]),
            "parcel_digest": days.by_day(self.digests[:, -1], minutes)[-1],
        }

    @cached_property
    def _wave(self) -> Floats:
        return smooth_noise(self.trucks.days.setting.streams, "parcel.place", (self.number,), self.index, 12)

    def _carrier(self, row: Ints, t: Floats, wave: Floats) -> Floats:
        return np.asarray(self.trucks.cargo(self.truck.take(row), t, _LAG_S) + 0.2 * wave)

    def _waves(self, row: Ints, t: Floats) -> Floats:
        return Sampler(row, np.minimum(t / GRID_S, STEPS - 1e-6)).line(self._wave)


def _in_warehouse(wave: Floats) -> Floats:
    return np.asarray(4.6 + 0.35 * wave)


def _at_receiver(wave: Floats) -> Floats:
    return np.asarray(5.3 + 0.7 * wave)


def begin(per_cell: int, cells: Ints) -> Carry:
    """No minute out of range, all in the warehouse."""
    number = devices(cells, per_cell)
    return {
        "parcel_minutes": np.zeros((len(cells), per_cell)),
        "parcel_digest": sealed(np.zeros_like(number), number, 0),
    }


def observe(day: ParcelDay, at: Moments) -> Observation:
    """What the loggers report."""
    streams = day.trucks.days.setting.streams
    bench = Bench(kind=PARCEL_LOGGER, streams=streams, at=at)
    row, t = rows(at, day.per_cell), at.x * GRID_S
    here = Sampler(row, at.x)
    keeper = day.keeper(row, t)
    place = row * STEPS + at.x.astype(np.int64)
    minutes = here.hold(day.minutes) + here.share * 5.0 * day.out.reshape(-1).take(place)
    handed = day.handed.take(row, axis=0)
    seen = (np.abs(t[:, None] - handed) < 300.0).any(axis=1)
    knock = -np.log1p(-streams.uniform("parcel.shock", at.device, at.ts))
    used = day.index.take(row) + at.x / STEPS + 90.0 * streams.uniform("parcel.battery", at.device)
    temperature = day.temperature(row, t)
    return bench.shown(
        {
            "temperature": bench.noisy("temperature", temperature, 0.1),
            "relative_humidity": bench.noisy("relative_humidity", 62.0 + 1.5 * (temperature - 5.0), 1.5),
            "illuminance": np.where(seen, 120.0 + 300.0 * streams.uniform("parcel.light", at.device, at.ts), 0.0),
            "shock": knock * np.where(keeper == 1, 6.0, np.where(seen, 8.0, 0.3)),
            "battery_level": 100.0 - 80.0 * (used / 90.0 % 1.0),
            "mean_kinetic_temperature": here.line(day.kinetic),
            "minutes_out_of_range": np.asarray(day.carry["parcel_minutes"]).reshape(-1).take(row) + minutes,
            "custody": keeper,
            "custody_digest": day.digests.reshape(-1).take(row * (_HANDED + 1) + day.passed(row, t)),
        }
    )
