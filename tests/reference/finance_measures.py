"""What the bars of finance measure, and how samples are spoilt."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from park.model import Floats
from sectors.finance.catalogue import CASH_MACHINE
from sectors.finance.rhythm import CALLS
from sectors.finance.supply import HIGH_V, LOW_V
from tests.reference.finance_samples import Seen, Supplies

_STATUS = CASH_MACHINE.channel["status"].texts
_EMPTY = CASH_MACHINE.channel["cassette_state"].texts.index("empty")
_WET_MM_H = 0.3


def _flat(values: Floats) -> Floats:
    """(devices, readings) of consecutive days."""
    return values.reshape(values.shape[0] * values.shape[1], -1)


def balance(data: Seen) -> dict[str, float]:
    """Notes in, notes out, notes held."""
    cash = {name: _flat(values) for name, values in data.kinds["cash_machine"].items()}
    stock = cash["cassette_1"] + cash["cassette_2"] + cash["cassette_3"]
    gone = cash["notes_dispensed"] + cash["notes_rejected"] + cash["notes_collected"]
    off = cash["notes_loaded"] + cash["notes_deposited"] - gone - stock - cash["cassette_4"]
    steady = np.diff(cash["notes_loaded"]) == 0
    per_use = np.diff(cash["notes_dispensed"][:, [0, -1]]) / np.diff(cash["withdrawals"][:, [0, -1]])
    return {
        "notes that are missing": float(np.abs(off).max()),
        "fewest held": float(stock.min()),
        "rise without a refill": float(np.diff(stock)[steady].max()),
        "notes a withdrawal": float(per_use.mean()),
    }


def noisy_level(data: Seen) -> Seen:
    level = data.kinds["cash_machine"]["cassette_3"]
    return _with(
        data, "cash_machine", "cassette_3", np.rint(level * np.random.default_rng(1).normal(1, 0.02, level.shape))
    )


def miscounted(data: Seen) -> Seen:
    return _with(
        data, "cash_machine", "notes_dispensed", np.floor(0.999 * data.kinds["cash_machine"]["notes_dispensed"])
    )


def _with(data: Seen, kind: str, channel: str, values: Floats) -> Seen:
    return replace(data, kinds={**data.kinds, kind: {**data.kinds[kind], channel: values}})


def _increase(values: Floats) -> Floats:
    """(cells, per_cell, days, readings) what a register gained until the next reading; the last of all repeats."""
    flat = values.reshape(*values.shape[:2], -1)
    return np.asarray(np.diff(flat, axis=2, append=flat[..., -1:]).reshape(values.shape))


def branch(data: Seen) -> dict[str, float]:
    """A branch's day."""
    came = _increase(data.kinds["branch_queue"]["tickets_issued"])[:, 0]
    hours = came.reshape(*came.shape[:2], 24, 60).sum(-1)
    daily, work = hours.sum(axis=(0, 2)), data.workday
    course = hours[:, work].sum(axis=(0, 1))
    open_hours = course[5:13]
    spread = hours.sum(axis=2)[:, work & (data.weekday > 0)]
    fives = came[:, work].reshape(came.shape[0], int(work.sum()), 288, 5).sum(-1)[..., 60:156]
    mean = fives.mean(axis=1)
    return {
        "r with the record": float(np.corrcoef(open_hours, CALLS)[0, 1]),
        "busiest hour": float(open_hours.argmax() + 9),
        "its share": float(open_hours.max() / course.sum()),
        "outside opening hours": float(course.sum() - open_hours.sum()),
        "on rest days": float(daily[~work].sum()),
        "five minutes: variance/mean": float((fives.var(axis=1, ddof=1) / np.maximum(mean, 1e-9))[:, 2:-2].mean()),
        "daily CV": float((spread.std(axis=1, ddof=1) / spread.mean(axis=1)).mean()),
    }


def tickets(change: Callable[[Floats], Floats]) -> Callable[[Seen], Seen]:
    def spoil(data: Seen) -> Seen:
        came = change(_increase(data.kinds["branch_queue"]["tickets_issued"]))
        total = np.cumsum(came.reshape(*came.shape[:2], -1), axis=2)
        issued = np.concatenate([np.zeros_like(total[..., :1]), total[..., :-1]], axis=2)
        return _with(data, "branch_queue", "tickets_issued", issued.reshape(came.shape))

    return spoil


def poisson(came: Floats) -> Floats:
    """As many in every hour as there are on average, one by one."""
    opened = (came.sum(axis=3, keepdims=True) > 0).astype(np.float64)
    hourly = (came.sum(axis=2) / opened.sum(axis=2)).reshape(*came.shape[:2], 24, 60).mean(axis=-1)
    mean: Floats = np.repeat(hourly, 60, axis=-1)[:, :, None] * opened
    return np.random.default_rng(1).poisson(mean).astype(np.float64)


def queue(data: Seen) -> dict[str, float]:
    """Little's law, from published values."""
    part = {name: _flat(values) for name, values in data.kinds["branch_queue"].items()}
    called = np.diff(part["tickets_served"])
    waited = np.nan_to_num(part["wait_time"][:, 1:])
    mean_wait = (called * waited).sum() / called.sum()
    arrivals = np.diff(part["tickets_issued"][:, [0, -1]]).sum() / (part["waiting"].size - len(part["waiting"]))
    return {
        "L / (lambda W)": float(part["waiting"][:, :-1].mean() / (arrivals * mean_wait)),
        "waiting - issued + served": float(
            np.abs(part["waiting"] - part["tickets_issued"] + part["tickets_served"]).max()
        ),
        "mean wait, min": float(mean_wait),
        "longest wait, min": float(waited.max()),
    }


def random_wait(data: Seen) -> Seen:
    waits = data.kinds["branch_queue"]["wait_time"]
    return _with(data, "branch_queue", "wait_time", np.random.default_rng(1).uniform(0, 20, waits.shape))


def service(data: Seen) -> dict[str, float]:
    """How often a machine serves, and how its days differ."""
    cash = data.kinds["cash_machine"]
    empty = cash["cassette_state"] == _EMPTY
    broken = cash["status"] == _STATUS.index("hardware-error")
    out = empty | broken | (cash["status"] == _STATUS.index("offline"))
    daily = _increase(cash["withdrawals"]).sum(axis=-1)[:, :, :-1]
    return {
        "availability": float(1 - out.mean()),
        "out of cash": float(empty.mean()),
        "broken": float(broken.mean()),
        "withdrawals a day": float(daily.mean()),
        "daily CV": float((daily.std(axis=2, ddof=1) / daily.mean(axis=2)).mean()),
        "days without one though in service": float(((daily == 0) & ~out.all(axis=-1)[:, :, :-1]).sum()),
    }


def never_fails(data: Seen) -> Seen:
    status = np.zeros_like(data.kinds["cash_machine"]["status"])
    return _with(_with(data, "cash_machine", "status", status), "cash_machine", "cassette_state", np.ones_like(status))


def clockwork(data: Seen) -> Seen:
    used = data.kinds["cash_machine"]["withdrawals"]
    even = np.linspace(0, 70, used.shape[2] * used.shape[3]).reshape(1, 1, *used.shape[2:]) * used.shape[2]
    return _with(data, "cash_machine", "withdrawals", np.broadcast_to(even, used.shape))


def nobody_comes(data: Seen) -> Seen:
    """A day on which a machine that is well is passed by."""
    used = data.kinds["cash_machine"]["withdrawals"].copy()
    used[0, 0, 6:] -= used[0, 0, 6, 0] - used[0, 0, 5, 0]
    used[0, 0, 5] = used[0, 0, 5, 0]
    return _with(data, "cash_machine", "withdrawals", used)


def battery(data: Supplies) -> dict[str, float]:
    """On battery exactly outside the limits; only then does the charge fall; and the input is the district's."""
    part = {name: values.reshape(len(values), -1) for name, values in data.seen.items()}
    on, volts = part["on_battery"] > 0, part["input_voltage"]
    beyond = (volts < LOW_V) | (volts > HIGH_V)
    falls = np.diff(part["battery_charge"]) < -0.011
    free = ~data.interrupted.reshape(len(on), -1)[:, :-1]
    return {
        "flag against input": float((on != beyond).sum()),
        "on battery": float(on.mean()),
        "falls though not on battery": float((falls & free).sum()),
        "falls": float(falls.sum()),
        "lowest charge": float(part["battery_charge"].min()),
    }


def feed(data: Supplies) -> dict[str, float]:
    """How an input strays from the usual of its hour, beside the district's voltage."""
    volts, district = data.seen["input_voltage"][..., ::5], data.voltage
    fine = (volts > LOW_V) & (volts < HIGH_V)
    strays = []
    for values in (volts, district):
        known = np.where(fine, values, np.nan)
        strays.append((known - np.nanmean(known, axis=1, keepdims=True))[fine])
    return {"voltage r": float(np.corrcoef(*strays)[0, 1])}


def unrelated_flag(data: Supplies) -> Supplies:
    return replace(data, seen={**data.seen, "on_battery": np.roll(data.seen["on_battery"], 7, axis=0)})


def leaky(data: Supplies) -> Supplies:
    """A battery that loses half in a day on mains."""
    charge = data.seen["battery_charge"] - np.linspace(0, 50, 1440)
    return replace(data, seen={**data.seen, "battery_charge": charge})


def drivers(data: Seen) -> dict[str, float]:
    """How drivers differ."""
    part = {name: _flat(values) for name, values in data.kinds["insured_car"].items()}
    gain = {name: np.diff(part[name][:, [0, -1]])[:, 0] for name in ("mileage", "harsh_brakings", "trips")}
    parked = (np.diff(part["mileage"]) == 0) & (np.diff(part["harsh_brakings"]) > 0)
    harsh, days = gain["harsh_brakings"], data.workday.size
    alike = gain["mileage"] * harsh.sum() / gain["mileage"].sum()
    return {
        "between drivers: variance/mean": float(harsh.var(ddof=1) / harsh.mean()),
        "against one rate: chi2/n": float(((harsh - alike) ** 2 / alike).mean()),
        "a 100 km": float(100 * harsh.sum() / gain["mileage"].sum()),
        "while parked": float(parked.sum()),
        "km a day": float(gain["mileage"].mean() / days),
        "trips a day": float(gain["trips"].mean() / days),
    }


def one_rate(data: Seen) -> Seen:
    driven = data.kinds["insured_car"]["mileage"]
    return _with(data, "insured_car", "harsh_brakings", np.floor((driven - driven[..., :1, :1]) * 0.02))


def links(data: Seen) -> dict[str, float]:
    """What the sector owes to the people, the air and the rain of the record."""
    cash = _increase(data.kinds["cash_machine"]["withdrawals"]).sum(axis=1)
    used = _by_hour(cash.reshape(*cash.shape[:2], 24, -1).sum(-1), data)
    people = _by_hour(data.people.reshape(*data.people.shape[:2], 24, -1).mean(-1), data)
    came = _increase(data.kinds["branch_queue"]["tickets_issued"])[:, 0].sum(-1)[:, data.workday]
    near = data.people[:, data.workday, 60:156].mean(-1)
    paid = _increase(data.kinds["payment_terminal"]["transactions"]).sum(axis=1)
    out = data.out.reshape(*data.out.shape[:2], 24, -1).mean(-1)
    vault = data.kinds["vault_room"]["temperature"][:, 0].mean(-1)
    braked, driven = (_increase(data.kinds["insured_car"][name]).sum(axis=1) for name in ("harsh_brakings", "mileage"))
    wet = data.rain.reshape(*data.rain.shape[:2], 96, 3).mean(-1) > _WET_MM_H
    rates = [braked[where].sum() / driven[where].sum() for where in (wet, ~wet)]
    return {
        "people-withdrawals r": float(np.corrcoef(used.ravel(), people.ravel())[0, 1]),
        "people-tickets r": _daily_r(came, near, data.weekday[data.workday]),
        "people-payments r": float(np.corrcoef(_by_hour(paid, data).ravel(), _by_hour(out, data).ravel())[0, 1]),
        "outdoors-vault r": _lagged_r(vault, data.outdoor.mean(-1)),
        "brakings wet/dry": float(rates[0] / rates[1]),
    }


def others_causes(data: Seen) -> Seen:
    """The record's people, air and rain of other days of their sort."""
    sorts, order = data.weekday + 10 * data.workday, np.arange(len(data.weekday))
    for sort in np.unique(sorts):
        alike = np.flatnonzero(sorts == sort)
        order[alike] = np.random.default_rng(1).permutation(alike)
    other = {name: getattr(data, name)[:, order] for name in ("people", "out", "outdoor", "rain")}
    return replace(data, **other)


def _by_hour(values: Floats, data: Seen) -> Floats:
    """(sites, days, hours 8 to 22) share of the day, less that of the same hour on days of the same sort."""
    # Cells stand at two sites in turn; those of one have the same people.
    sites = np.stack([values[first::2].mean(axis=0) for first in (0, 1)])[..., 4:18]
    share = sites / sites.sum(axis=-1, keepdims=True)
    out = np.empty_like(share)
    sorts = data.weekday + 10 * data.workday
    for sort in np.unique(sorts):
        days = sorts == sort
        out[:, days] = share[:, days] / share[:, days].mean(axis=1, keepdims=True) - 1
    return np.asarray(out)


def _daily_r(came: Floats, near: Floats, weekday: Floats) -> float:
    logs = [np.log(np.stack([part[first::2].mean(axis=0) for first in (0, 1)])) for part in (came, near)]
    for part in logs:
        for day in np.unique(weekday):
            part[:, weekday == day] -= part[:, weekday == day].mean(axis=1, keepdims=True)
    return float(np.corrcoef(logs[0].ravel(), logs[1].ravel())[0, 1])


def _lagged_r(inside: Floats, outdoors: Floats) -> float:
    """Of days' means, the outdoor's of the day and the three before it, which fade by a half each."""
    weights = 0.5 ** np.arange(4)
    lagged = sum(w * outdoors[:, 3 - k : outdoors.shape[1] - k] for k, w in enumerate(weights))
    parts = [values - values.mean(axis=1, keepdims=True) for values in (inside[:, 3:], lagged)]
    return float(np.corrcoef(parts[0].ravel(), parts[1].ravel())[0, 1])
