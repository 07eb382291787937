"""A branch's uninterruptible supply: on battery exactly while its input is outside its limits.

The input is the district's voltage less what the branch's own feeder does to it: dips and short interruptions. The
battery lasts by Peukert's law, t = t_rated x load^-k; it is charged at a constant rate.

References:
    GB/T 12325-2008: 220 V within +7 % and -10 %. The limits here are those within which the supply passes it on.
    National Energy Administration: towns were supplied 99.97 % of the time, all but 2.6 h of a year. Here feeders are
    cut three times a year for half an hour, and dip twice a month for seconds: assumptions, as are
    Peukert's (1897) k = 1.15 and the battery's life of eight years.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, Sampler
from park.model import GRID_S, Bools, Floats, Ints, Moments, Observation, Streams
from sectors.finance import happenings
from sectors.finance.happenings import Draws

NOMINAL_V, LOW_V, HIGH_V = 220.0, 194.0, 242.0
_PER_DIP_DAYS = 15.0
_CUT_SHARE = 0.12
#: Seconds: median, spread of the logarithm, most; of a dip, and of a cut.
_DIP_S, _CUT_S = (6.0, 0.8, 60.0), (1_800.0, 0.6, 3_600.0)
_FULL_MIN, _PEUKERT = 48.0, 1.15
_CHARGE_PER_H = 14.0  # %
_LIFE_DAYS = 8 * 365.0
_STEP_H = GRID_S / 3600


@dataclass(frozen=True, kw_only=True, eq=False)
class Fed:
    """A day of R supplies, whatever their batteries hold.

    Attributes:
        voltage: (R, GRID_POINTS) of the district, V.
        dip: (R, 2) milliseconds since 04:00 at which the feeder's dip begins and ends, or `NEVER`.
        depth: (R,) what is left of the voltage in it, as a share.
        load: (R, GRID_POINTS) %.
        drain: (R, GRID_POINTS) % lost in an hour on battery.
        change: (R, STEPS) of the charge in each step of the grid, %, if it were never full.
    """

    voltage: Floats
    dip: Ints
    depth: Floats
    load: Floats
    drain: Floats
    change: Floats


def fed(draws: Draws, voltage: Floats, workday: Floats) -> Fed:
    """One day; `voltage`, (R, GRID_POINTS), is the district's, per unit; `workday`, (R,), 1 if the branch opens."""
    begins = np.floor(20.0 * 3_600_000 * draws.uniform("finance.ups.dip.at"))
    cut = draws.uniform("finance.ups.dip.cut") < _CUT_SHARE
    median, spread, most = (np.where(cut, *parts) for parts in zip(_CUT_S, _DIP_S, strict=True))
    seconds = np.minimum(median * np.exp(spread * draws.normal("finance.ups.dip.for")), most)
    dips = draws.uniform("finance.ups.dips") < 1.0 / _PER_DIP_DAYS
    dip = np.where(dips[:, None], np.stack([begins, begins + np.rint(seconds * 1000)], axis=1), happenings.NEVER)
    load = _load(draws, workday)
    drain = 100.0 * 60.0 / _full(draws)[:, None] * (load / 100.0) ** _PEUKERT
    volts = NOMINAL_V * voltage
    share = on_share(volts, dip)
    return Fed(
        voltage=volts,
        dip=dip.astype(np.int64),
        depth=np.where(cut, 0.0, 0.35 + 0.48 * draws.uniform("finance.ups.dip.depth")),
        load=load,
        drain=drain,
        change=_CHARGE_PER_H * (1.0 - share) * _STEP_H - drain[:, :-1] * share * _STEP_H,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class SupplyDay:
    """One day of C supplies: (C, GRID_POINTS) charge, %, and temperature outdoors, Cel."""

    fed: Fed
    charge: Floats
    outdoor: Floats


def observe(streams: Streams, day: SupplyDay, at: Moments) -> Observation:
    """What the supply reports."""
    ms = at.ms
    here, feed = Sampler(at.row, at.x), day.fed
    low, high = here.ends(feed.voltage)
    plain = low + (high - low) * here.share
    begin, end = feed.dip[at.row, 0], feed.dip[at.row, 1]
    dipped = (ms >= begin) & (ms < end)
    volts = plain * np.where(dipped, feed.depth[at.row], 1.0)
    on = beyond(volts)
    began = (at.x.astype(np.int64) * (GRID_S * 1000)).astype(np.float64)
    spent = _until(low, high, here.share) + np.clip(np.minimum(ms, end) - np.maximum(began, begin), 0, None) / (
        GRID_S * 1000.0
    )
    spent = np.minimum(spent, here.share)
    load = here.hold(feed.load)
    drain, left = here.hold(feed.drain), here.hold(day.charge)
    charge = np.minimum(left + _CHARGE_PER_H * (here.share - spent) * _STEP_H, 100.0) - drain * spent * _STEP_H
    charge = np.maximum(charge, 0.0)
    return {
        "input_voltage": volts,
        "load_share": load,
        "battery_charge": charge,
        "battery_temperature": 23.0
        + 0.12 * (here.line(day.outdoor) - 18.0)
        + 0.02 * load
        + np.where(on, 1.5, 0.0)
        + 0.1 * streams.normal("finance.ups.cel", at.device, at.ts),
        "runtime": 60.0 * charge / drain,
        "on_battery": on,
    }


def beyond(volts: Floats) -> Bools:
    """Whether an input is outside the limits."""
    return np.asarray((volts < LOW_V) | (volts > HIGH_V))


def on_share(volts: Floats, dip: Floats) -> Floats:
    """(C, STEPS) share of each step of the grid on battery."""
    slow = _until(volts[:, :-1], volts[:, 1:], np.ones_like(volts[:, 1:]))
    starts = np.rint(HOURS[:-1] * 3_600_000)
    cut = np.minimum(starts + GRID_S * 1000, dip[:, 1:]) - np.maximum(starts, dip[:, :1])
    return np.asarray(np.minimum(slow + np.clip(cut, 0, None) / (GRID_S * 1000.0), 1.0))


def _until(start: Floats, end: Floats, share: Floats) -> Floats:
    """How much of the first `share` of a step a straight line lies outside the limits, as a share of the step."""
    rise = end - start
    slope = np.where(rise == 0.0, 1.0, rise)
    flat = np.where(beyond(start), share, 0.0)
    crossings = [np.clip((limit - start) / slope, 0.0, 1.0) for limit in (LOW_V, HIGH_V)]
    enters, leaves = np.minimum(*crossings), np.maximum(*crossings)
    inside = np.clip(np.minimum(leaves, share) - enters, 0.0, None)
    return np.asarray(np.where(rise == 0.0, flat, share - inside))


def charged(before: Floats, change: Floats) -> Floats:
    """(R, GRID_POINTS) charge from what it was at 04:00; it stays within 0 and 100 %."""
    walk = np.concatenate([before[:, None], change], axis=1).cumsum(axis=1)
    above = np.maximum(np.maximum.accumulate(walk, axis=1) - 100.0, 0.0)
    return np.asarray(np.maximum(walk - above, 0.0))


def _load(draws: Draws, workday: Floats) -> Floats:
    """(R, GRID_POINTS) %: machines and network always, counters in opening hours."""
    hours = np.clip(np.minimum((HOURS - 4.5) / 0.5, (13.5 - HOURS) / 0.5), 0.0, 1.0) * workday[:, None]
    base, work = (
        draws.streams.uniform(name, draws.number)[:, None] for name in ("finance.ups.base", "finance.ups.work")
    )
    return np.asarray(18.0 + 8.0 * base + (20.0 + 8.0 * work) * hours)


def _full(draws: Draws) -> Floats:
    """(R,) minutes that a full battery gives at the rated load, less with age; renewed at the end of its life."""
    age = draws.streams.uniform("finance.ups.age", draws.number) + draws.day / _LIFE_DAYS
    return np.asarray(_FULL_MIN * (1.0 - 0.3 * (age % 1.0)))
