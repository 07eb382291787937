"""A vault: thick walls, a small air conditioner, a door that opens a few times a day.

Air follows the outdoor temperature and vapour with a lag of a day and a half: dT/dt = (T_aim - T) / lag, where the aim
is the set value and a small part of the weather. The lag and the parts are assumptions.
"""

from dataclasses import dataclass

import numpy as np

from park.grid import HOURS, Sampler
from park.model import DAY_MS, Carry, Floats, Ints, Moments, Observation, Streams
from park.vapour import saturation
from sectors.finance import happenings
from sectors.finance.happenings import Draws

_LAG_H = 36.0
_SET_CEL, _SET_HPA = 20.5, 11.8
_CEL_PART, _HPA_PART = 0.10, 0.24
_VISITS = 5
_AT_H = np.array((4.5, 6.5, 9.0, 11.0, 13.4))  # hours since 04:00
_GROWTH: Floats = np.exp(HOURS / _LAG_H)
_STEP = np.exp(-1.0 / (12.0 * _LAG_H))


@dataclass(frozen=True, kw_only=True, eq=False)
class VaultDay:
    """One day of C vaults: air, (C, GRID_POINTS), Cel and hPa, and the door's visits, (C, visits) milliseconds."""

    temperature: Floats
    vapour: Floats
    opens: Ints
    closes: Ints


def begin(count: int) -> Carry:
    """In winter, at the set values."""
    zero = np.zeros(count)
    return {"vault_cel": zero + _SET_CEL - 0.5, "vault_hpa": zero + _SET_HPA - 1.0}


def aims(temperature: Floats, humidity: Floats) -> tuple[Floats, Floats]:
    """(R, GRID_POINTS) what the vault's temperature, Cel, and vapour, hPa, tend to under this weather."""
    outside = humidity / 100.0 * saturation(temperature)
    return (
        _SET_CEL + _CEL_PART * (temperature - _SET_CEL),
        _SET_HPA + _HPA_PART * (outside - _SET_HPA),
    )


def follow(start: Floats, aim: Floats) -> Floats:
    """(R, GRID_POINTS) dy/dt = (aim - y) / lag from `start`, (R,); the aim is held over each step."""
    return _reached(start[:, None], _pushed(aim), _GROWTH)


def ends(start: Floats, aim: Floats) -> Floats:
    """(C,) where y is after consecutive days, (D, C, GRID_POINTS)."""
    for pushed in _pushed(aim)[..., -1]:
        start = _reached(start, pushed, _GROWTH[-1])
    return start


def vault_day(draws: Draws, carry: Carry, outside: tuple[Floats, Floats], *, workday: bool) -> VaultDay:
    """One day; `outside` are temperature and relative humidity, (C, GRID_POINTS)."""
    warm, moist = (
        follow(carry[name], aim) for name, aim in zip(("vault_cel", "vault_hpa"), aims(*outside), strict=True)
    )
    visit = np.arange(_VISITS)
    comes = draws.uniform("finance.vault.comes", visit) < (0.85 if workday else 0.04)
    hours = _AT_H + 0.2 * draws.normal("finance.vault.at", visit).clip(-2.5, 2.5)
    opens = np.where(comes, np.rint(hours * 3_600_000), happenings.NEVER).astype(np.int64)
    minutes = 3.0 + 9.0 * draws.uniform("finance.vault.for", visit)
    closes = np.where(comes, opens + np.rint(minutes * 60_000).astype(np.int64), happenings.NEVER)
    return VaultDay(temperature=warm, vapour=moist, opens=opens, closes=closes)


def observe(streams: Streams, day: VaultDay, at: Moments) -> Observation:
    """What the vault's sensors report."""
    ms = at.ms
    here = Sampler(at.row, at.x)
    opens, closes = day.opens[at.row], day.closes[at.row]
    now = ms[:, None]
    is_open = ((now >= opens) & (now < closes)).any(axis=1)
    # Air of the branch comes in while the door is open, and is gone half an hour later.
    since = np.clip((now - opens) / 60_000.0, 0.0, 12.0) * np.exp(-np.maximum(now - closes, 0) / 1_800_000.0)
    mixed = np.where(now >= opens, since, 0.0).max(axis=1) / 12.0
    temperature = here.line(day.temperature) + 0.8 * mixed
    humidity = 100.0 * here.line(day.vapour) / saturation(temperature) + 5.0 * mixed
    day_h = ms / DAY_MS * 24.0
    lively = np.where((day_h > 3.0) & (day_h < 18.0), 1.0, 0.35) + np.where(is_open, 6.0, 0.0)
    shaking = 0.004 * lively * np.exp(0.5 * streams.normal("finance.vault.shakes", at.device, at.ts))
    return {
        "temperature": temperature + 0.05 * streams.normal("finance.vault.cel", at.device, at.ts),
        "relative_humidity": np.clip(humidity + 0.3 * streams.normal("finance.vault.rh", at.device, at.ts), 5.0, 99.0),
        "vibration": shaking,
        "door_open": is_open,
    }


def _pushed(aim: Floats) -> Floats:
    pushed = np.zeros_like(aim)
    np.cumsum(aim[..., :-1] * _GROWTH[1:], axis=-1, out=pushed[..., 1:])
    return pushed


def _reached(start: Floats, pushed: Floats, growth: Floats) -> Floats:
    return np.asarray((start + (1.0 - _STEP) * pushed) / growth)
