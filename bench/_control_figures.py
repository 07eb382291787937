"""What a week of the town used and endured: the figures of bench/control.py, and its picture."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from park.columns import Columns
from sectors.municipal.lamp import street
from simulator.commands.outcomes import Outcomes
from simulator.observed import readings_of
from simulator.plan import Selection
from simulator.streams import CounterStreams

_LIMIT_KW, _PARCHED, _WET, _TOO_WARM_CARGO = 20.0, 0.17, 90.0, 8.0
_MINUTE, _HOUR = 60_000, 3_600_000
_TOO_LITTLE_KPA, _TOO_DRY, _TOO_WARM, _TOO_COLD = 140.0, 0.20, 28.5, 18.0
#: The photocell's lux below which lamps are surely on.
_DARK_LX = 20.0
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Week:
    """All readings of a window, by kind."""

    columns: Mapping[str, Columns]
    seed: int
    start: int
    until: int

    def devices(self, kind: str) -> npt.NDArray[np.int64]:
        """(D,) numbers of the kind's devices, ascending."""
        return np.unique(self.columns[kind].device)

    def grid(self, kind: str, channel: str) -> Floats:
        """(D, R) values of each device in order of time; NaN where absent."""
        columns = self.columns[kind]
        values = columns.values[channel] / float(columns.kind.channel[channel].scale)
        if channel in columns.present:
            values = np.where(columns.present[channel], values, np.nan)
        _, row = np.unique(columns.device, return_inverse=True)
        counts = np.bincount(row)
        parts = np.split(values[np.lexsort((columns.ts, row))], np.cumsum(counts)[:-1])
        return np.array([part[: counts.min()] for part in parts])

    def minutes(self, mask: Bools) -> float:
        """How long a mask of (D, R) holds, summed over the devices."""
        return float(mask.mean(axis=1).sum()) * (self.until - self.start) / _MINUTE

    def consumed(self, kind: str, register: str) -> float:
        """What the kind's registers have counted over the window."""
        grid = self.grid(kind, register)
        return float((grid[:, -1] - grid[:, 0]).sum())


def week_of(selection: Selection, outcomes: Outcomes | None, start: int, until: int) -> Week:
    """The readings of a window, given what was commanded."""
    readings = readings_of(selection, outcomes)
    parts: dict[str, list[Columns]] = {}
    for first, last in readings.windows(start, until):
        for columns in readings.columns(first, last):
            parts.setdefault(columns.kind.name, []).append(columns)
    joined = {name: _joined(some) for name, some in parts.items()}
    return Week(columns=joined, seed=selection.seed, start=start, until=until)


def _joined(parts: list[Columns]) -> Columns:
    first = parts[0]
    sometimes = {name for one in parts for name in one.present}
    return Columns(
        kind=first.kind,
        device=np.concatenate([one.device for one in parts]),
        ts=np.concatenate([one.ts for one in parts]),
        seq=np.concatenate([one.seq for one in parts]),
        values={name: np.concatenate([one.values[name] for one in parts]) for name in first.values},
        present={
            name: np.concatenate([one.present.get(name, np.ones(len(one), dtype=bool)) for one in parts])
            for name in sometimes
        },
    )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A row of the table."""

    name: str
    unit: str
    kind: str
    of: Callable[[Week], float]


def _registered(name: str, unit: str, kind: str, register: str, factor: float = 1.0) -> Measured:
    return Measured(name=name, unit=unit, kind=kind, of=lambda week: factor * week.consumed(kind, register))


def _beyond(name: str, unit: str, kind: str, channel: str, beyond: Callable[[Floats], Bools]) -> Measured:
    return Measured(name=name, unit=unit, kind=kind, of=lambda week: week.minutes(beyond(week.grid(kind, channel))))


def _below_class(week: Week) -> float:
    """Lamps in the dark, their photocell's, that give less than the least light of their class of road."""
    lamps, cabinets = week.devices("street_lamp"), week.devices("light_cabinet")
    cell = lamps // week.columns["street_lamp"].kind.per_cell
    seen = np.isin(cell, cabinets)
    cells, whole = np.unique(cell[seen], return_inverse=True)
    least = 100.0 * street(CounterStreams(week.seed, "municipal"), cells).least[whole][:, None]
    dark = week.grid("light_cabinet", "illuminance")[np.searchsorted(cabinets, cell[seen])] < _DARK_LX
    return week.minutes(dark & (week.grid("street_lamp", "level")[seen] < least - 0.1))


def _inflow(week: Week) -> float:
    flow = week.grid("pressure_zone", "inflow")
    return float(flow.mean(axis=1).sum()) * 1000.0 * (week.until - week.start) / _HOUR


def _uncomfortable(week: Week) -> float:
    warm, open_ = week.grid("climate_zone", "temperature"), week.grid("climate_zone", "occupied") > 0
    return week.minutes(open_ & ((warm > _TOO_WARM) | (warm < _TOO_COLD)))


def _warm_bodies(week: Week) -> float:
    driving = week.columns["reefer_truck"].kind.channel["status"].texts.index("driving")
    on_road = week.grid("reefer_truck", "status") == driving
    return week.minutes(on_road & (week.grid("reefer_truck", "cargo_temperature") > _TOO_WARM_CARGO))


def _drawn_dear(week: Week) -> float:
    """What charging points gave in the dear hours, 8 to 21 h of the town's local time, UTC+8."""
    columns = week.columns["ev_charger"]
    kw = columns.values["active_power"] / float(columns.kind.channel["active_power"].scale)
    hour = (columns.ts / _HOUR + 8.0) % 24.0
    readings = len(columns) / len(week.devices("ev_charger"))
    return float(kw[(hour >= 8.0) & (hour < 21.0)].sum()) * (week.until - week.start) / _HOUR / readings


FIGURES = (
    _registered("lamps and cabinets", "kWh", "light_cabinet", "total_active_energy_import"),
    Measured(name="lamps in the dark below their class", unit="lamp min", kind="street_lamp", of=_below_class),
    Measured(name="water into zones", unit="L", kind="pressure_zone", of=_inflow),
    _beyond(
        "farthest taps under 140 kPa",
        "zone min",
        "pressure_zone",
        "critical_pressure",
        lambda kpa: kpa < _TOO_LITTLE_KPA,
    ),
    _registered("water on greens", "L", "green_valve", "water_total", 1000.0),
    _beyond("greens with soil under 0.20", "green min", "green_valve", "soil_moisture", lambda soil: soil < _TOO_DRY),
    _registered("public halls", "kWh", "climate_zone", "total_active_energy_import"),
    Measured(name="open halls above 28.5 or under 18 Cel", unit="hall min", kind="climate_zone", of=_uncomfortable),
    _beyond("blocks above 20 kW from the grid", "block min", "site_meter", "active_power", lambda kw: kw > _LIMIT_KW),
    _registered("taken from the grid", "kWh", "site_meter", "total_active_energy_import"),
    Measured(name="vehicles in the dear hours", unit="kWh", kind="ev_charger", of=_drawn_dear),
    _registered("vehicles in all", "kWh", "ev_charger", "total_active_energy_export"),
    _registered("water on fields", "m3", "irrigation_valve", "water_total"),
    _beyond("probes with soil under 0.17", "probe min", "soil_probe", "soil_moisture", lambda soil: soil < _PARCHED),
    _beyond("greenhouses with wet leaves", "house min", "greenhouse", "leaf_wetness", lambda wet: wet > _WET),
    _beyond("greenhouses heated", "house min", "greenhouse", "heating_on", lambda on: on > 0),
    Measured(name="cargo above 8 Cel on the road", unit="lorry min", kind="reefer_truck", of=_warm_bodies),
    _registered("lorries' units switched on", "h", "reefer_truck", "tru_hours"),
)
"""What is measured, two rows a rule: what is used, and what is endured for it."""


def draw_evening(free: Week, ruled: Week, path: Path, *, offset_ms: int) -> None:
    """A street's lamps from 17 h of the first day to 7 h of the next, with the rules and without."""
    window = free.start + 17 * _HOUR, free.start + 31 * _HOUR
    figure = Figure(figsize=(9.0, 5.4), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True, height_ratios=[3, 2])
    for week, label, colour in ((free, "the cabinet's program", "#9aa5b1"), (ruled, "with the rules", "#c2410c")):
        hours, level = _mean(week, "street_lamp", "level", window, offset_ms)
        upper.plot(hours, level, label=label, color=colour, drawstyle="steps-post")
    upper.set_ylabel("lamps' level, %")
    upper.set_ylim(0, 105)
    upper.legend(frameon=False)
    hours, flow = _mean(ruled, "traffic_detector", "intensity", window, offset_ms)
    lower.plot(hours, flow, color="#1d4ed8")
    lower.set_ylabel("traffic, veh/h")
    hours, people = _mean(ruled, "zone_camera", "people_count", window, offset_ms)
    beside = lower.twinx()
    beside.plot(hours, people, color="#15803d")
    beside.set_ylabel("people in a zone", color="#15803d")
    lower.set_xticks(range(17, 32, 2), [f"{hour % 24:02d} h" for hour in range(17, 32, 2)])
    figure.savefig(path, dpi=110)


def _mean(week: Week, kind: str, channel: str, window: tuple[int, int], offset_ms: int) -> tuple[Floats, Floats]:
    """Hours of the first day, and the mean over the kind's devices in each five minutes."""
    columns = week.columns[kind]
    first, last = window
    chosen = (columns.ts >= first) & (columns.ts < last)
    slot = (columns.ts[chosen] - first) // (5 * _MINUTE)
    values = columns.values[channel][chosen] / float(columns.kind.channel[channel].scale)
    means = np.bincount(slot, values) / np.maximum(np.bincount(slot), 1)
    began = (first + offset_ms) % (24 * _HOUR) / _HOUR
    return began + np.arange(len(means)) / 12.0, means
