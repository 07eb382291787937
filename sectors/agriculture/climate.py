"""Climate computers: what they show of their greenhouse."""

import numpy as np

from park.grid import Sampler, devices, rows
from park.model import Floats, Ints, Moments, Observation, Setting
from sectors.agriculture.catalogue import GREENHOUSE
from sectors.agriculture.greenhouse import HouseDay
from sectors.agriculture.instruments import Bench, spread

_WETTING_BEGINS, _WETTING_ENDS = 88.0, 98.0  # % of relative humidity


def offsets(setting: Setting, cells: Ints) -> dict[str, Floats]:
    """Calibration offsets of the climate computers of `cells`, by channel."""
    numbers = devices(cells, setting.per_cell[GREENHOUSE.name]).reshape(-1)
    sizes = {"temperature": 0.2, "relative_humidity": 1.0, "co2": 10.0}
    return {name: spread(setting.streams, f"greenhouse.{name}", numbers, 0.0, size) for name, size in sizes.items()}


def observe(setting: Setting, constant: dict[str, Floats], day: HouseDay, at: Moments) -> Observation:
    """Readings of the climate computers."""
    bench = Bench(kind=GREENHOUSE, streams=setting.streams, at=at)
    own = rows(at, setting.per_cell[GREENHOUSE.name])
    where = Sampler(at.row, at.x)

    def noisy(channel: str, value: Floats, deviation: float | Floats) -> Floats:
        return bench.shown(channel, value + bench.noise(channel, deviation))

    humid = where.line(day.relative_humidity)
    sun = where.line(day.sun)
    wet = 100.0 / (_WETTING_ENDS - _WETTING_BEGINS) * (humid - _WETTING_BEGINS)
    return {
        "temperature": noisy("temperature", where.line(day.temperature) + constant["temperature"].take(own), 0.06),
        "relative_humidity": noisy("relative_humidity", humid + constant["relative_humidity"].take(own), 0.5),
        "co2": noisy("co2", where.line(day.co2) + constant["co2"].take(own), 5.0),
        "solar_radiation": noisy("solar_radiation", sun, 0.004 * sun + 0.3),
        "leaf_wetness": noisy("leaf_wetness", np.clip(wet, 0.0, 100.0), 1.0),
        # A motor's position is known exactly.
        "vent_opening": where.line(day.vent_opening),
        "heating_on": where.hold(day.heating_on),
    }
