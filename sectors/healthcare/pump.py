"""Infusion pumps of beds 5 to 8: up to four infusions a day, in closed form.

An infusion begins within the first 72 min of a quarter of the day, runs at a set rate, keeps the vein open at 1 mL/h
for 18 min after its end, or stops when the patient leaves. Where the line is blocked, pressure climbs at rate over
compliance up to the limit, the pump alarms, and somebody comes. The register is the exact integral of the rate.

Reference:
    IEC 60601-2-24, infusion pumps; ECRI: limits of 103 to 1034 mm[Hg].
"""

from dataclasses import dataclass

import numpy as np

from park.grid import rows
from park.model import Bools, Floats, Ints, Moments, Observation, Streams
from sectors.healthcare.stays import BEDS, Beds

PUMPS = 4
_QUARTERS = 4
_KVO_RATE, _KVO_H = 1.0, 0.3
_LIMIT, _WORKING = 525.0, 30.0
#: Compliance of line and syringe, mL per mm[Hg]: .010 mL/kPa.
_COMPLIANCE = 0.010 / 7.50062
_IN_USE, _BLOCKED = 0.75, 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Infusions:
    """A day of P pumps, (P, 4) each: hours since 04:00, mL/h, mL.

    Attributes:
        rate: 0 where there is none.
        start, end: of the infusion.
        kvo_end: when the pump is switched off.
        blocked, alarm, freed: when the line is blocked, the pump notices, and somebody has freed it; beyond the day
            where it is not.
        before: (P, 5) volume up to each quarter, since the pump was new.
    """

    rate: Floats
    start: Floats
    end: Floats
    kvo_end: Floats
    blocked: Floats
    alarm: Floats
    freed: Floats
    before: Floats


def infusions(streams: Streams, beds: Beds, volume: Floats, day: Ints | int) -> Infusions:
    """A day of the pumps, whose registers stood at `volume` (P,); `day` is one for all or (P,)."""
    row = np.arange(len(volume)) // PUMPS * BEDS + BEDS - PUMPS + np.arange(len(volume)) % PUMPS
    number = beds.number[row][:, None, None]
    quarter = np.reshape(day, (-1, 1, 1)) * _QUARTERS + np.arange(_QUARTERS)[:, None]
    drawn = streams.uniform("healthcare.infusion", number, quarter, np.arange(7))
    begins, lasts, used, rated, jam, when, comes = np.moveaxis(drawn, -1, 0)
    start = 6.0 * np.arange(_QUARTERS) + 1.2 * begins
    end = start + 2.0 + 2.2 * lasts
    taken, leaves = _patient(beds, row, start)
    running = taken & (used < _IN_USE)
    end, kvo_end = np.minimum(end, leaves), np.minimum(end + _KVO_H, leaves)
    rate = np.where(running, np.rint(10.0 * np.exp(np.log(12.0) + np.log(15.0) * rated)) / 10.0, 0.0)
    blocked = start + (0.1 + 0.6 * when) * 2.0
    alarm = blocked + (_LIMIT - _pressure(rate)) * _COMPLIANCE / np.maximum(rate, 1.0)
    freed = alarm + (2.0 + 5.0 * comes) / 60.0
    jammed = running & (jam < _BLOCKED) & (freed < end)
    never = [np.where(jammed, moment, 99.0) for moment in (blocked, alarm, freed)]
    total = np.zeros((len(volume), _QUARTERS + 1))
    total[:, 0] = volume
    whole = rate * (end - start - np.where(jammed, freed - alarm, 0.0))
    whole += np.where(running, _KVO_RATE * (kvo_end - end), 0.0)
    np.cumsum(whole, axis=-1, out=total[:, 1:])
    total[:, 1:] += volume[:, None]
    return Infusions(
        rate=rate,
        start=start,
        end=end,
        kvo_end=kvo_end,
        blocked=never[0],
        alarm=never[1],
        freed=never[2],
        before=total,
    )


def observe(streams: Streams, state: Infusions, at: Moments) -> Observation:
    """What the pumps tell."""
    row, hour = rows(at, PUMPS), at.x / 12.0
    quarter = np.minimum(hour // 6.0, _QUARTERS - 1).astype(np.int64)
    place = row * _QUARTERS + quarter
    rate, start, end, kvo_end, blocked, alarm, freed = (
        part.reshape(-1).take(place)
        for part in (state.rate, state.start, state.end, state.kvo_end, state.blocked, state.alarm, state.freed)
    )
    on = rate > 0
    stopped = on & (hour >= alarm) & (hour < freed)
    infusing, kvo = on & (hour >= start) & (hour < end) & ~stopped, on & (hour >= end) & (hour < kvo_end)
    volume = rate * (np.clip(hour, start, end) - start - (np.clip(hour, alarm, freed) - alarm))
    volume += np.where(on, _KVO_RATE * (np.clip(hour, end, kvo_end) - end), 0.0)
    rising = infusing & (hour >= blocked) & (hour < alarm)
    pressure = np.where(infusing, _pressure(rate), np.where(kvo, _WORKING, 12.0))
    pressure += np.where(rising, rate * (np.minimum(hour, alarm) - blocked) / _COMPLIANCE, 0.0)
    pressure = np.where(stopped, _LIMIT, pressure) + 2.5 * streams.normal("healthcare.line", at.device, at.ts)
    done = state.before.reshape(-1).take(row * (_QUARTERS + 1) + quarter)
    after = state.before.reshape(-1).take(row * (_QUARTERS + 1) + quarter + 1)
    return {
        "infusion_rate": np.where(infusing, rate, np.where(kvo, _KVO_RATE, 0.0)),
        "volume_infused": np.minimum(done + np.maximum(volume, 0.0), after),
        "line_pressure": np.clip(pressure, 0.0, 1034.0),
        "status": np.where(stopped, 3, np.where(infusing, 1, np.where(kvo, 2, 0))),
    }


def _pressure(rate: Floats) -> Floats:
    """What it takes to push so much through a line and a needle, mm[Hg]."""
    return _WORKING + 0.35 * rate


def _patient(beds: Beds, row: Ints, start: Floats) -> tuple[Bools, Floats]:
    """(P, 4) whether somebody lies in the bed at hours since 04:00, and when they leave."""
    admitted, until = (beds.admitted - beds.first_h)[row], (beds.until - beds.first_h)[row]
    second = start >= admitted[:, 1:]
    leaves = np.where(second, until[:, 1:], until[:, :1])
    return start < leaves, np.maximum(leaves, start)
