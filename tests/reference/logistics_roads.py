"""Figures that the bars of the logistics sector limit: of lorries and docks."""

from collections.abc import Mapping

import numpy as np

from park.model import Floats
from tests.reference.logistics_samples import TRUCK_S, Seen
from tests.reference.queueing import waits
from tests.reference.statistics import correlation

Figures = Mapping[str, float]


def driving(data: Seen) -> Figures:
    """Motion and fuel."""
    lorry = {name: values[:, 0] for name, values in data.truck.items()}
    km = lorry["odometer"][:, -1] - lorry["odometer"][:, 0]
    integral = lorry["speed"].sum(axis=-1) * TRUCK_S / 3600.0
    north = np.diff(lorry["latitude"]) * 111_320.0
    east = np.diff(lorry["longitude"]) * 111_320.0 * np.cos(np.radians(31.5))
    under_way = lorry["status"] == 2
    burnt = np.diff(lorry["fuel_used"], axis=-1)
    return {
        "speed/odometer": float(integral.sum() / km.sum()),
        "fastest between fixes, m/s": float(np.hypot(north, east).max() / TRUCK_S),
        "standstill": float((lorry["speed"][under_way] < 1).mean()),
        "L/100 km": float(100.0 * burnt.sum() / km.sum()),
        "fuel with speed": correlation(burnt.ravel(), lorry["speed"][:, 1:].ravel()),
        **_tank(lorry["fuel_level"], lorry["fuel_used"]),
        "announced arrivals that come nearer": _nearer(np.abs(lorry["eta_error"])),
    }


def _tank(level: Floats, used: Floats) -> Figures:
    """What is gone from the tank against what is burnt, on days without a filling; a float's noise is a mean's of an
    hour at either end.
    """
    hour = int(3600 / TRUCK_S)
    gone, burnt = level[:, :hour].mean(axis=1) - level[:, -hour:].mean(axis=1), used[:, -1] - used[:, 0]
    unfilled = gone > 0
    smooth = level.reshape(len(level), -1, hour).mean(axis=-1)
    rise = np.diff(smooth, axis=1).max(axis=1)
    return {
        "gone/burnt": float(gone[unfilled].sum() / burnt[unfilled].sum()),
        "rises else": float(rise[unfilled].max()),
    }


def _nearer(off: Floats) -> float:
    """Share of the steps of a leg on which the error of its announced arrival does not grow."""
    both = np.isfinite(off[:, 1:]) & np.isfinite(off[:, :-1])
    step = np.diff(off, axis=1)[both]
    # The next leg's announcement begins anew.
    return float((step[np.abs(step) < 60.0] <= 0.5).mean())


def docks(data: Seen) -> Figures:
    """The yard, turnarounds and hours, by readings."""
    trucks, took = data.dock["trucks"], data.dock["turnaround_time"]
    yard = data.dock["queue_length"] + data.dock["occupied"]
    came = np.diff(trucks + yard, axis=-1)
    dwell = took[..., 1:][np.diff(trucks, axis=-1) > 0]
    by_hour = np.diff(trucks[..., ::60], axis=-1).sum(axis=(0, 1)).astype(float)
    four = np.convolve(by_hour, np.ones(4), mode="valid").max() / by_hour.sum()
    return {
        "in - out - in yard": float(np.minimum(came, 0).sum() + yard[..., -1].sum()),
        "waits at a free door": float(((data.dock["queue_length"] > 0) & ~data.dock["occupied"]).sum()),
        "median dwell": float(np.median(dwell)),
        "above 2 h": float((dwell > 120).mean()),
        "busiest four hours": float(four),
    }


def queue(data: Seen) -> Figures:
    """Waits against those of the same arrivals and services, served one by one."""
    come = np.isfinite(data.arrives)
    known = served(data, 1)[come]
    found = data.waits[come]
    return {
        "mean wait/queue's": float(found.mean() / known.mean()),
        "furthest from the queue's, s": float(np.abs(found - known).max()),
        "mean wait, min": float(found.mean() / 60.0),
    }


def served(data: Seen, servers: int) -> Floats:
    """(days, doors, bookings) s of waiting at each door with so many servers, first come first served."""
    found = np.full_like(data.arrives, np.nan)
    for day, door in np.ndindex(found.shape[:2]):
        come = np.isfinite(data.arrives[day, door])
        found[day, door, come] = waits(data.arrives[day, door, come], data.serves[day, door, come], servers)
    return found
