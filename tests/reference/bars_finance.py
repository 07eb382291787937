"""Bars of the finance sector: cash, queues, supplies and cars. Days run from 04:00 to 04:00."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from park.model import Floats
from sectors.finance.catalogue import CASH_MACHINE
from sectors.finance.rhythm import CALLS
from sectors.finance.supply import HIGH_V, LOW_V
from tests.reference.bar import Bar
from tests.reference.finance_samples import Seen, seen

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


def _noisy_level(data: Seen) -> Seen:
    level = data.kinds["cash_machine"]["cassette_3"]
    return _with(
        data, "cash_machine", "cassette_3", np.rint(level * np.random.default_rng(1).normal(1, 0.02, level.shape))
    )


def _miscounted(data: Seen) -> Seen:
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
    """A branch's day, week and month."""
    came = _increase(data.kinds["branch_queue"]["tickets_issued"])[:, 0]
    hours = came.reshape(*came.shape[:2], 24, 60).sum(-1)
    daily, work = hours.sum(axis=(0, 2)), data.workday
    course = hours[:, work].sum(axis=(0, 1))
    open_hours = course[5:13]
    early = work & ((data.month_day <= 4) | (data.month_day == 31))
    monday = work & (data.weekday == 0)
    spread = hours.sum(axis=2)[:, work & (data.weekday > 0)]
    fives = came[:, work].reshape(came.shape[0], int(work.sum()), 288, 5).sum(-1)[..., 60:156]
    mean = fives.mean(axis=1)
    return {
        "r with the record": float(np.corrcoef(open_hours, CALLS)[0, 1]),
        "busiest hour": float(open_hours.argmax() + 9),
        "its share": float(open_hours.max() / course.sum()),
        "outside opening hours": float(course.sum() - open_hours.sum()),
        "on rest days": float(daily[~work].sum()),
        "monday/others": float(daily[monday].mean() / daily[work & ~monday].mean()),
        "first days/others": float(daily[early].mean() / daily[work & ~early].mean()),
        "five minutes: variance/mean": float((fives.var(axis=1, ddof=1) / np.maximum(mean, 1e-9))[:, 2:-2].mean()),
        "daily CV": float((spread.std(axis=1, ddof=1) / spread.mean(axis=1)).mean()),
    }


def _tickets(change: Callable[[Floats], Floats]) -> Callable[[Seen], Seen]:
    def spoil(data: Seen) -> Seen:
        came = change(_increase(data.kinds["branch_queue"]["tickets_issued"]))
        total = np.cumsum(came.reshape(*came.shape[:2], -1), axis=2)
        issued = np.concatenate([np.zeros_like(total[..., :1]), total[..., :-1]], axis=2)
        return _with(data, "branch_queue", "tickets_issued", issued.reshape(came.shape))

    return spoil


def _poisson(came: Floats) -> Floats:
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


def _random_wait(data: Seen) -> Seen:
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
    }


def _never_fails(data: Seen) -> Seen:
    status = np.zeros_like(data.kinds["cash_machine"]["status"])
    return _with(_with(data, "cash_machine", "status", status), "cash_machine", "cassette_state", np.ones_like(status))


def _clockwork(data: Seen) -> Seen:
    used = data.kinds["cash_machine"]["withdrawals"]
    even = np.linspace(0, 70, used.shape[2] * used.shape[3]).reshape(1, 1, *used.shape[2:]) * used.shape[2]
    return _with(data, "cash_machine", "withdrawals", np.broadcast_to(even, used.shape))


def battery(data: Seen) -> dict[str, float]:
    """On battery exactly outside the limits; only then does the charge fall."""
    part = {name: _flat(values) for name, values in data.kinds["backup_supply"].items()}
    on, volts = part["on_battery"] > 0, part["input_voltage"]
    beyond = (volts < LOW_V) | (volts > HIGH_V)
    falls = np.diff(part["battery_charge"]) < -0.011
    idle = ~(on[:, 1:] | on[:, :-1])
    return {
        "flag against input": float((on != beyond).sum()),
        "on battery": float(on.mean()),
        "falls though not on battery": float((falls & idle).sum() / max(falls.sum(), 1)),
        "falls": float(falls.sum()),
        "lowest charge": float(part["battery_charge"].min()),
    }


def _unrelated_flag(data: Seen) -> Seen:
    on = data.kinds["backup_supply"]["on_battery"]
    return _with(data, "backup_supply", "on_battery", np.roll(on, 7, axis=0))


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


def _one_rate(data: Seen) -> Seen:
    driven = data.kinds["insured_car"]["mileage"]
    return _with(data, "insured_car", "harsh_brakings", np.floor((driven - driven[..., :1, :1]) * 0.02))


def links(data: Seen) -> dict[str, float]:
    """What the sector owes to the people, the voltage and the rain of the record."""
    cash = _increase(data.kinds["cash_machine"]["withdrawals"]).sum(axis=1)
    used = _by_hour(cash.reshape(*cash.shape[:2], 24, -1).sum(-1), data)
    people = _by_hour(data.people.reshape(*data.people.shape[:2], 24, -1).mean(-1), data)
    came = _increase(data.kinds["branch_queue"]["tickets_issued"])[:, 0].sum(-1)[:, data.workday]
    near = data.people[:, data.workday, 60:156].mean(-1)
    volts = data.kinds["backup_supply"]["input_voltage"][:, 0, :, ::10]
    fine = (volts > LOW_V) & (volts < HIGH_V)
    braked, driven = (_increase(data.kinds["insured_car"][name]).sum(axis=1) for name in ("harsh_brakings", "mileage"))
    wet = data.rain.reshape(*data.rain.shape[:2], 96, 3).mean(-1) > _WET_MM_H
    rates = [braked[where].sum() / driven[where].sum() for where in (wet, ~wet)]
    return {
        "people-withdrawals r": float(np.corrcoef(used.ravel(), people.ravel())[0, 1]),
        "people-tickets r": _daily_r(came, near, data.weekday[data.workday]),
        "voltage r": float(np.corrcoef(volts[fine], data.voltage[fine])[0, 1]),
        "brakings wet/dry": float(rates[0] / rates[1]),
    }


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


_OWN = "Assumption: no record of a bank's own could be had"

BARS = [
    Bar(
        number="F1",
        title="Every note is accounted for",
        source="Conservation; 5 to 30 notes a withdrawal are an assumption",
        sample=seen,
        measure=balance,
        limits={
            "notes that are missing": (0, 0),
            "fewest held": (0, 9000),
            "rise without a refill": (0, 0),
            "notes a withdrawal": (5, 30),
        },
        mutants={"noisy level": _noisy_level, "a counter that loses": _miscounted},
    ),
    Bar(
        number="F2",
        title="A branch's day, week and month",
        source="bank_calls (R package fpp3), shape; limits widened by judgement. Its share is of 9 to 17 h",
        sample=seen,
        measure=branch,
        limits={
            "r with the record": (0.85, 1),
            "busiest hour": (10, 11),
            "its share": (0.12, 0.17),
            "outside opening hours": (0, 0),
            "on rest days": (0, 0),
            "monday/others": (1.05, 1.25),
            "first days/others": (1.0, 1.25),
            "five minutes: variance/mean": (1.2, 2.5),
            "daily CV": (0.06, 0.25),
        },
        mutants={
            "shifted by six hours": _tickets(lambda came: np.roll(came, 360, axis=3)),
            "every day alike": _tickets(lambda came: np.repeat(came[:, :, :1], came.shape[2], axis=2)),
            "Poisson": _tickets(_poisson),
        },
    ),
    Bar(
        number="F3",
        title="Waiting is arrivals times wait",
        source="Little 1961",
        sample=seen,
        measure=queue,
        limits={
            "L / (lambda W)": (0.9, 1.1),
            "waiting - issued + served": (0, 0),
            "mean wait, min": (1, 15),
            "longest wait, min": (10, 120),
        },
        mutants={"random wait": _random_wait},
    ),
    Bar(
        number="F4",
        title="Machines serve, but not always",
        source="98.25 % as customers see it (trade press); 40 to 120 withdrawals and the CV are assumptions",
        sample=seen,
        measure=service,
        limits={
            "availability": (0.97, 0.995),
            "out of cash": (0.0001, 0.01),
            "broken": (0.001, 0.012),
            "withdrawals a day": (40, 120),
            "daily CV": (0.3, 0.8),
        },
        mutants={"never fails": _never_fails, "clockwork": _clockwork},
    ),
    Bar(
        number="F5",
        title="On battery exactly when the input is outside its limits",
        source="Definition; how often is an assumption",
        sample=seen,
        measure=battery,
        limits={
            "flag against input": (0, 0),
            "on battery": (0.00002, 0.003),
            "falls though not on battery": (0, 0.05),
            "falls": (10, 1e6),
            "lowest charge": (10, 99.9),
        },
        mutants={"another branch's flag": _unrelated_flag},
    ),
    Bar(
        number="F6",
        title="Drivers differ",
        source="Claims of drivers are overdispersed (Boucher & Turcotte 2020); limits of rates are judgement",
        sample=seen,
        measure=drivers,
        limits={
            "between drivers: variance/mean": (2, 60),
            "against one rate: chi2/n": (2, 60),
            "a 100 km": (0.5, 5),
            "while parked": (0, 0),
            "km a day": (10, 50),
            "trips a day": (1, 4),
        },
        mutants={"one rate": _one_rate},
    ),
    Bar(
        number="F7",
        title="People, voltage and rain reach branches, supplies and cars",
        source=f"One world: what is coupled must show it. {_OWN}",
        sample=seen,
        measure=links,
        limits={
            "people-withdrawals r": (0.4, 0.95),
            "people-tickets r": (0.5, 0.98),
            "voltage r": (0.99, 1),
            "brakings wet/dry": (1.4, 3.2),
        },
    ),
    Bar(
        number="F7",
        title="Without the common cause nothing is left of it",
        source="Ablation of F7: the people, the voltage and the sky of other days",
        sample=lambda seed, days: seen(seed, days, ablated=True),
        measure=links,
        limits={
            "people-withdrawals r": (-0.2, 0.2),
            "people-tickets r": (-0.45, 0.45),
            "voltage r": (-0.7, 0.7),
            "brakings wet/dry": (0.6, 1.35),
        },
    ),
]
