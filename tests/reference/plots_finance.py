"""A week of a branch: its cash, its queue, its vault and its supply; and a year of its calendar."""

from typing import Any

import numpy as np

from park.model import Floats
from tests.reference.finance_samples import Seen, calendar, seen, supplies
from tests.reference.weeks import PARK, PUBLISHED

_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _week_of(seed: int, days: int) -> tuple[Seen, slice]:
    """The record, and seven days of it from a Monday on without a rest day but its weekend."""
    data = seen(seed, max(days, 60))
    plain = [first for first in np.flatnonzero(data.weekday == 0) if data.workday[first : first + 7].tolist() == _PLAIN]
    return data, slice(int(plain[-1]), int(plain[-1]) + 7)


_PLAIN = [True] * 5 + [False] * 2


def _line(values: Floats, week: slice) -> Floats:
    """Seven days of (days, readings) as one line."""
    return np.asarray(values[week].reshape(-1))


def _days(axes: Any, ylabel: str, *, legend: bool = True) -> None:
    axes.set(ylabel=ylabel, xlim=(0, 7))
    axes.set_xticks(range(7), [f"{name} 04:00" for name in _NAMES])
    if legend:
        axes.legend(fontsize="small", loc="upper left", ncols=4)


def _at(values: Floats) -> Floats:
    return np.arange(len(values), dtype=np.float64) * (7 / len(values))


def _cash(axes: Any, seed: int, days: int) -> None:
    data, week = _week_of(seed, days)
    part = data.kinds["cash_machine"]
    for machine in range(3):
        held = sum(_line(part[f"cassette_{number}"][0, machine], week) for number in (1, 2, 3))
        axes.step(_at(np.asarray(held)), held, where="post", linewidth=0.9, label=f"machine {machine + 1}")
    axes.set_ylim(0, None)
    _days(axes, "notes to dispense")


def _used(axes: Any, seed: int, days: int) -> None:
    data, week = _week_of(seed, days)
    used = _line(data.kinds["cash_machine"]["withdrawals"][0].sum(axis=0), week)
    hourly = np.diff(used[::12], append=used[-1])
    axes.bar(_at(hourly), hourly, width=1 / 26, align="edge", label="withdrawals an hour, three machines")
    paid = data.kinds["payment_terminal"]["transactions"][0].sum(axis=0)[week].reshape(-1)
    axes.step(_at(paid), np.diff(paid, append=paid[-1]), where="post", color="tab:orange", label="payments, six shops")
    axes.set_ylim(0, None)
    _days(axes, "an hour")


def _queue(axes: Any, seed: int, days: int) -> None:
    data, week = _week_of(seed, days)
    part = data.kinds["branch_queue"]
    waiting, opened = (_line(part[name][0, 0], week) for name in ("waiting", "open_counters"))
    axes.fill_between(_at(waiting), waiting, step="post", alpha=0.6, linewidth=0, label="waiting")
    axes.step(_at(opened), opened, where="post", color="black", linewidth=0.8, label="open counters")
    axes.set_ylim(0, None)
    _days(axes, "people, counters")
    other = axes.twinx()
    other.plot(_at(waiting), _line(part["wait_time"][0, 0], week), color="firebrick", linewidth=0.6)
    other.set_ylim(0, None)
    other.set_ylabel("wait, min", color="firebrick", fontsize="small")


def _vault(axes: Any, seed: int, days: int) -> None:
    data, week = _week_of(seed, days)
    part = data.kinds["vault_room"]
    warm, moist = (_line(part[name][0, 0], week) for name in ("temperature", "relative_humidity"))
    axes.plot(_at(warm), warm, linewidth=0.9, label="vault, Cel")
    outdoors = _line(data.outdoor[0], week)
    axes.plot(_at(outdoors), outdoors, color="gray", linewidth=0.7, label="outdoors, Cel")
    _days(axes, "Cel")
    other = axes.twinx()
    other.plot(_at(moist), moist, color="steelblue", linestyle="--", linewidth=0.9)
    other.set_ylim(20, 80)
    other.set_ylabel("vault, %", color="steelblue", fontsize="small")


def _supply(axes: Any, seed: int, days: int) -> None:
    data = supplies(seed, max(days, 60))
    lowest = data.seen["battery_charge"].min(axis=-1)
    row, day = np.unravel_index(int(lowest.argmin()), lowest.shape)
    part = {name: values[row, day] for name, values in data.seen.items()}
    at = 4 + np.arange(1440) / 60
    axes.plot(at, part["input_voltage"], linewidth=0.8, label="input, V")
    axes.axhspan(194, 242, color="seagreen", alpha=0.12, linewidth=0)
    axes.set(ylabel="V", xlim=(4, 28), ylim=(-5, 260))
    axes.set_xticks(range(4, 29, 2), [f"{hour % 24:02d}" for hour in range(4, 29, 2)])
    axes.legend(fontsize="small", loc="lower left")
    other = axes.twinx()
    other.plot(at, part["battery_charge"], color="firebrick", linewidth=0.9)
    other.set_ylim(0, 105)
    other.set_ylabel("charge, %", color="firebrick", fontsize="small")


def _year(axes: Any, seed: int, days: int) -> None:
    data = calendar(seed, max(days, 365))
    used = data.withdrawals.mean(axis=0) / data.withdrawals.mean()
    came = np.where(data.workday, data.tickets.mean(axis=0) / data.tickets[:, data.workday].mean(), np.nan)
    axes.plot(used, linewidth=0.8, label="withdrawals")
    axes.plot(came, ".", markersize=3, label="tickets on working days")
    axes.set(ylabel="of their mean", xlim=(0, len(used)), xlabel="days from 1 January", ylim=(0, None))
    axes.legend(fontsize="small", loc="upper right", ncols=2)


def _month(axes: Any, seed: int, days: int) -> None:
    """Tickets by the day of the month and on Mondays, and what a bank's calls did."""
    data = calendar(seed, max(days, 365))
    tickets = np.where(data.workday, data.tickets.mean(axis=0), np.nan)
    of_mean = tickets / np.nanmean(tickets)
    by_day = [float(np.nanmean(of_mean[data.month_day == day])) for day in range(1, 32)]
    monday = float(np.nanmean(of_mean[data.weekday == 0]))
    axes.bar(range(1, 32), by_day, color=PARK, width=0.8, label="the park's tickets, working days")
    axes.bar([33], [monday], color=PARK, width=0.8)
    for first, last in ((0.5, 4.5), (30.5, 31.5)):
        axes.fill_between([first, last], 1.06, 1.15, color=PUBLISHED, alpha=0.4, linewidth=0)
    axes.plot([32.5, 33.5], [1.12, 1.12], color=PUBLISHED, linewidth=3, alpha=0.6, label="a bank's calls (fpp3)")
    axes.set(ylabel="of the mean", xlim=(0, 34.5), ylim=(0.7, 1.5), xlabel="day of the month, and Mondays")
    axes.set_xticks([1, 5, 10, 15, 20, 25, 31, 33], ["1", "5", "10", "15", "20", "25", "31", "Mon"])
    axes.legend(fontsize="small", loc="upper center", ncols=2)


PLOTS = {
    "A week of a branch's cash: drawn down, filled by a van": _cash,
    "Withdrawals and payments": _used,
    "The queue, and how long the last one called had waited": _queue,
    "The vault, and the weather": _vault,
    "The day of the deepest discharge of a backup supply": _supply,
    "A year: paydays, Spring Festival, rest days": _year,
    "The first and last days of a month, and Mondays, beside a bank's": _month,
}
