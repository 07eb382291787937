"""Figures that the bars of the logistics sector limit: of rooms and parcels."""

from collections.abc import Mapping

import numpy as np

from park.model import Bools, Floats, Ints
from sectors.logistics.custody import sealed
from sectors.logistics.parcel import ACTIVATION_K
from sectors.logistics.room import LAG_S
from tests.reference.logistics_samples import SETPOINT, Ablated, Seen, quiet
from tests.reference.statistics import correlation, deseasoned

Figures = Mapping[str, float]


def balance(data: Seen) -> Figures:
    """Heat of room-days."""
    came = data.heat.doors + data.heat.others
    return {"imbalance/load": float(np.abs((came - data.heat.taken - data.heat.stored) / came).max())}


def load(data: Seen) -> Figures:
    """Energy against the air outside."""
    year = data.kwh[:365]
    return {
        "kWh with enthalpy": correlation(data.kwh, data.enthalpy),
        "July/January": float(year[181:212].mean() / year[:31].mean()),
        "duty": float(data.room["compressor_on"].mean()),
    }


def control(data: Seen) -> Figures:
    """How the air keeps to the set point while nothing disturbs it, and goods within 2 to 8 Cel."""
    off, still = data.room["air_temperature"] - SETPOINT, quiet(data)
    both = still[..., 1:] & still[..., :-1]
    chilled = np.concatenate([data.room["product_temperature"][:, 0].ravel(), data.felt.ravel()])
    return {
        "within 2 K": float((np.abs(off[still]) <= 2.0).mean()),
        "SD": float(off[still].std()),
        "lag-1 min": correlation(off[..., 1:][both], off[..., :-1][both]),
        "goods within 2 to 8": float(((chilled >= 2.0) & (chilled <= 8.0)).mean()),
        "periods of a day": float(min(_periods(one) for one in data.room["compressor_on"].reshape(-1, 1440))),
    }


def _periods(on: Bools) -> int:
    """Distinct whole minutes from start to start."""
    return len(set(np.diff(np.flatnonzero(on[1:] & ~on[:-1])).tolist()))


def doors(data: Seen) -> Figures:
    """What openings do to the rooms' air."""
    found = [_openings(data.room["air_temperature"][:, room], data.room["door_open"][:, room]) for room in (0, 1)]
    stays, rise, soon, back = (np.concatenate(part) for part in zip(*found, strict=True))
    long = stays >= 2
    frozen = len(found[0][0])
    air, goods = data.room["air_temperature"], data.room["product_temperature"]
    return {
        "over 60 s: 1 K within 2 min": float((soon[long] >= 1.0).mean()),
        "minutes to recover": float(np.median(back[long])),
        "rise with minutes open": correlation(rise[frozen:], stays[frozen:]),
        "goods' range/air's": float((np.ptp(goods, axis=-1) / np.ptp(air, axis=-1)).mean()),
    }


def _openings(air: Floats, is_open: Bools) -> tuple[Ints, Floats, Floats, Floats]:
    """Of each: minutes open, K of rise, K of it two minutes on, minutes until three quarters of it have gone."""
    day, at = np.nonzero(is_open[:, 1:] & ~is_open[:, :-1])
    inside = (at > 60) & (at < 1380)
    day, at = day[inside], at[inside]
    stays = np.array([is_open[d, a + 1 : a + 12].sum() for d, a in zip(day, at, strict=True)])
    rise, soon = (
        np.array([air[d, a : a + n].max() - air[d, a] for d, a in zip(day, at, strict=True)]) for n in (12, 4)
    )
    back = []
    for d, a, shut in zip(day, at, at + 1 + stays, strict=True):
        least = air[d, a] + 0.25 * (air[d, shut : shut + 3].max() - air[d, a])
        cool = np.flatnonzero(air[d, shut : shut + 60] <= least)
        back.append(float(cool[0]) if len(cool) else 60.0)
    return stays, rise, soon, np.array(back)


def lagging(data: Seen) -> Figures:
    """How goods follow the air: by hours of the day, and never faster than the gap allows."""
    air, goods = (data.room[name].reshape(-1, 1440) for name in ("air_temperature", "product_temperature"))
    by_hour = [part.reshape(len(part), 24, 60).mean(-1) for part in (air, goods)]
    leads, follows = (part - part.mean(axis=1, keepdims=True) for part in by_hour)
    found = [correlation(leads[:, : 24 - k].ravel(), follows[:, k:].ravel()) for k in range(13)]
    gap = np.abs(air - goods).reshape(len(air), 24, 60).max(axis=-1)[:, :-1]
    step = np.abs(np.diff(goods[:, ::60], axis=1))
    return {
        "hours behind": float(np.argmax(found)),
        "r at that": max(found),
        "SD/air's": float((goods.std(axis=1) / air.std(axis=1)).mean()),
        "within gap/lag": float((step <= gap * 3600.0 / LAG_S).mean()),
    }


def thaws(data: Seen) -> Figures:
    """How often coils are thawed, and what they are at then."""
    on = data.room["defrost"]
    count = (on[..., 1:] & ~on[..., :-1]).sum(axis=-1)
    ends = on[..., :-1] & ~on[..., 1:]
    damp = np.broadcast_to(data.damp[:, None], count.shape)
    return {
        "fewest": float(count.min()),
        "most": float(count.max()),
        "coil at the end": float(data.room["evaporator_temperature"][..., :-1][ends].min()),
        "runs meanwhile": float((on & data.room["compressor_on"]).mean()),
        "more with damp": correlation(count.ravel(), damp.ravel()),
    }


def kinetic(data: Seen) -> Figures:
    """Mean kinetic temperatures of days against the formula, and against its second order."""
    kelvin, said = data.felt + 273.15, data.kinetic[:, -1] + 273.15
    factor = np.exp(-ACTIVATION_K / kelvin)
    weight = np.ones(kelvin.shape[1])
    weight[[0, -1]] = 0.5
    formula, mean = ACTIVATION_K / -np.log(factor @ weight / weight.sum()), kelvin @ weight / weight.sum()
    spread = kelvin.std(axis=1)
    skew = ((kelvin - kelvin.mean(axis=1, keepdims=True)) ** 3).mean(axis=1) / spread**3
    second = (said - mean) / (ACTIVATION_K * spread**2 / (2.0 * mean**2))
    even = (np.abs(skew * spread) < 1.0) & (spread > 0.1)
    return {
        "least above the mean": float((said - mean).min()),
        "furthest from the formula": float(np.abs(said - formula).max()),
        "second order, least": float(second[even].min()),
        "second order, most": float(second[even].max()),
    }


def custody(data: Seen) -> Figures:
    """The way of a parcel and its seals, by readings alone."""
    keeper, digest = (data.parcel[name].astype(np.int64) for name in ("custody", "custody_digest"))
    cells, (units, readings) = len(data.parcel_number), keeper.shape[1:]
    # Of each logger, the days that were read.
    keeper, digest = (part.reshape(-1, cells, units, readings) for part in (keeper, digest))
    step = np.diff(keeper, axis=-1) % 3
    number = np.broadcast_to(data.parcel_number[..., None], step.shape)
    link = sealed(digest[..., :-1].ravel(), number.ravel(), keeper[..., 1:].ravel()).reshape(step.shape)
    changed = (step != 0) | (np.diff(digest, axis=-1) != 0)
    return {
        "illegal": float((step == 2).sum()),
        "hand-overs a day": float((step == 1).sum(axis=-1).mean()),
        "broken seals": float((changed & (link != digest[..., 1:])).sum()),
    }


def ablated(data: Ablated) -> Figures:
    """What is left of the weather in the rooms' energy, less the year's course of both."""
    day = np.arange(len(data.warmth))
    warmth = deseasoned(data.warmth, day)
    return {"kWh with warmth": float(np.mean([correlation(deseasoned(kwh, day), warmth) for kwh in data.kwh]))}
