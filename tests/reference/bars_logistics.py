"""Bars of the logistics sector, by the numbers of the field's own list.

No real series of a cold chain is in a package that is used here: limits are physics and standards, and where a limit
is judgement its source says so. A lorry's limit of speed is known to no channel, and loggers have no position of their
own: both are left out.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from park.model import Bools, Floats
from tests.reference.bar import Bar
from tests.reference.logistics_roads import docks, driving, queue, served
from tests.reference.logistics_rooms import (
    ablated,
    balance,
    control,
    custody,
    doors,
    kinetic,
    lagging,
    load,
    thaws,
)
from tests.reference.logistics_samples import SETPOINT, YEAR, Seen, ablated_year, seen
from tests.reference.walk import shuffled_weather


def _put(part: str, name: str, change: Callable[[Any], Any]) -> Callable[[Seen], Seen]:
    def spoil(data: Seen) -> Seen:
        values: Mapping[str, Any] = getattr(data, part)
        spoilt: dict[str, Any] = {part: {**values, name: change(values)}}
        return replace(data, **spoilt)

    return spoil


def _other_weather(data: Seen) -> Seen:
    other = seen(42, len(data.kwh), shuffled_weather)
    return replace(other, warmth=data.warmth, enthalpy=data.enthalpy, damp=data.damp)


def _white(room: Mapping[str, Any]) -> Any:
    return SETPOINT + 0.6 * np.random.default_rng(1).normal(size=room["air_temperature"].shape)


def _clock(room: Mapping[str, Any]) -> Bools:
    return np.broadcast_to(np.arange(1440) % 360 < 20, room["defrost"].shape) & (np.arange(1440) > 20)


def _teleport(truck: Mapping[str, Any]) -> Any:
    moved = truck["latitude"].copy()
    moved[0, 0, 2000] += 0.02
    return moved


def _by_time(truck: Mapping[str, Any]) -> Floats:
    return np.broadcast_to(np.linspace(0.0, 6.0, truck["fuel_used"].shape[-1]), truck["fuel_used"].shape)


def _leaking(truck: Mapping[str, Any]) -> Floats:
    return np.asarray(truck["fuel_level"] - np.linspace(0.0, 1.0, truck["fuel_level"].shape[-1]))


def _dropped(parcel: Mapping[str, Any]) -> Any:
    """The carrier's part of the first day is not told."""
    told = parcel["custody"].copy()
    told[0] = np.where(told[0] == 1, 0, told[0])
    return told


def _forged(parcel: Mapping[str, Any]) -> Any:
    """The first day's seals are another's."""
    told = parcel["custody_digest"].copy()
    told[0] = told[1]
    return told


def _even(dock: Mapping[str, Any]) -> Any:
    whole = np.arange(dock["trucks"].shape[-1]) // 90
    return np.broadcast_to(whole, dock["trucks"].shape)


BARS = [
    Bar(
        number="L1",
        title="What comes into a room is taken out or stays",
        source="Conservation of energy; .5 % are for readings every 5 s",
        sample=seen,
        measure=balance,
        limits={"imbalance/load": (0.0, 0.005)},
        mutants={
            "door heat left out": lambda data: replace(data, heat=replace(data.heat, doors=0 * data.heat.doors)),
            "a clock for a compressor": lambda data: replace(
                data, heat=replace(data.heat, taken=np.full_like(data.heat.taken, data.heat.taken.mean()))
            ),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L2",
        title="Air keeps to the set point, goods to their range",
        source="Judgement; differentials of start-stop units, 1 to 1.5 K either side; goods in range 97 % of time",
        sample=seen,
        measure=control,
        limits={
            "within 2 K": (0.95, 1.0),
            "SD": (0.2, 1.5),
            "lag-1 min": (0.8, 1.0),
            "goods within 2 to 8": (0.97, 1.0),
            "periods of a day": (2, 100),
        },
        mutants={
            "constant": _put("room", "air_temperature", lambda room: SETPOINT + 0.02 * (_white(room) - SETPOINT)),
            "white noise": _put("room", "air_temperature", _white),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L3",
        title="Rooms draw more when it is warm and damp",
        source="Judgement from duties of cold stores; physics of walls and of condensers",
        sample=seen,
        measure=load,
        limits={"kWh with enthalpy": (0.6, 0.985), "July/January": (1.3, 3.0), "duty": (0.2, 0.9)},
        mutants={
            "weather of another day": _other_weather,
            "every day alike": lambda data: replace(data, kwh=np.full_like(data.kwh, data.kwh.mean())),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L4",
        title="Doors warm the air, not the goods",
        source="Judgement from ASHRAE Refrigeration, ch. 24",
        sample=seen,
        measure=doors,
        limits={
            "over 60 s: 1 K within 2 min": (0.9, 1.0),
            "minutes to recover": (3, 25),
            "rise with minutes open": (0.4, 1.0),
            "goods' range/air's": (0.02, 0.2),
        },
        mutants={
            "door log an hour late": _put("room", "door_open", lambda room: np.roll(room["door_open"], 60, axis=-1)),
            "goods are air": _put("room", "product_temperature", lambda room: room["air_temperature"]),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L5",
        title="Goods follow the air by hours",
        source="A body of 3.5 h behind a wall (judgement: packed goods, 1 to 4 h at their surface)",
        sample=seen,
        measure=lagging,
        limits={
            "hours behind": (1, 12),
            "r at that": (0.6, 1.0),
            "SD/air's": (0.05, 0.4),
            "within gap/lag": (0.98, 1.0),
        },
        mutants={
            "goods are air": _put("room", "product_temperature", lambda room: room["air_temperature"]),
            "goods ahead of the air": _put(
                "room", "product_temperature", lambda room: np.roll(room["product_temperature"], -240, axis=-1)
            ),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L6",
        title="Coils are thawed as they frost",
        source="Practice: every 4 to 12 h, ended at 8 to 15 Cel",
        sample=seen,
        measure=thaws,
        limits={
            "fewest": (2, 8),
            "most": (2, 8),
            "coil at the end": (0, 15),
            "runs meanwhile": (0, 0),
            "more with damp": (0.3, 1.0),
        },
        mutants={"a clock": _put("room", "defrost", _clock)},
        least_days=YEAR,
    ),
    Bar(
        number="L7",
        title="Mean kinetic temperature",
        source="USP <1079.2>, 83.144 kJ/mol; second order of the exponential where the spread is even",
        sample=seen,
        measure=kinetic,
        limits={
            "least above the mean": (0.0, 1.0),
            "furthest from the formula": (0, 0.001),
            "second order, least": (0.9, 1.1),
            "second order, most": (0.9, 1.1),
        },
        mutants={
            "arithmetic mean": lambda data: replace(
                data, kinetic=data.felt.mean(axis=1, keepdims=True) + 0 * data.felt
            ),
            "half the activation": lambda data: replace(
                data, kinetic=(data.kinetic + data.felt.mean(axis=1, keepdims=True)) / 2
            ),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L8",
        title="Lorries move and burn",
        source="Physics; standstill .18 to .22 in three real drives (mappymatch), widened by judgement for lights",
        sample=seen,
        measure=driving,
        limits={
            "speed/odometer": (0.98, 1.02),
            "fastest between fixes, m/s": (5, 33),
            "standstill": (0.15, 0.4),
            "L/100 km": (12, 18),
            "fuel with speed": (0.5, 1.0),
            "gone/burnt": (0.98, 1.02),
            "rises else": (-1.0, 1.0),
            "announced arrivals that come nearer": (0.98, 1.0),
        },
        mutants={
            "one teleport": _put("truck", "latitude", _teleport),
            "fuel by time only": _put("truck", "fuel_used", _by_time),
            "a tank that leaks": _put("truck", "fuel_level", _leaking),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L9",
        title="Lorries at docks",
        source="Judgement from ATRI 2024 (detention) and dock practice",
        sample=seen,
        measure=docks,
        limits={
            "in - out - in yard": (0, 0),
            "waits at a free door": (0, 0),
            "median dwell": (45, 120),
            "above 2 h": (0.05, 0.4),
            "busiest four hours": (0.3, 0.55),
        },
        mutants={
            "evenly over the day": _put("dock", "trucks", _even),
            "a door that nobody takes": _put("dock", "occupied", lambda dock: np.zeros_like(dock["occupied"])),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L9",
        title="Waits are those of a queue",
        source="Kiefer & Wolfowitz 1955, given the same arrivals and services; held against Ciw 3.2.7, Erlang C and "
        "Allen & Cunneen in test_queueing.py",
        sample=seen,
        measure=queue,
        limits={
            "mean wait/queue's": (0.8, 1.2),
            "furthest from the queue's, s": (0, 1),
            "mean wait, min": (5, 40),
        },
        mutants={"one door more than there is": lambda data: replace(data, waits=served(data, 2))},
        least_days=YEAR,
    ),
    Bar(
        number="L10",
        title="One keeper at a time, and a chain of seals",
        source="EPCIS 2.0: the order of a thing's way; each hand-over is sealed by the one before",
        sample=seen,
        measure=custody,
        limits={"illegal": (0, 0), "hand-overs a day": (3, 3), "broken seals": (0, 0)},
        mutants={
            "a hand-over is not told": _put("parcel", "custody", _dropped),
            "seals of another day": _put("parcel", "custody_digest", _forged),
        },
        least_days=YEAR,
    ),
    Bar(
        number="L10, ablated",
        title="Under the weather of other days, rooms know nothing of today's",
        source="An effect must go with its cause",
        sample=ablated_year,
        measure=ablated,
        limits={"kWh with warmth": (-0.1, 0.1)},
        mutants={"weather not shuffled": lambda data: replace(data, kwh=seen(42, YEAR).kwh[None])},
        least_days=YEAR,
    ),
]
