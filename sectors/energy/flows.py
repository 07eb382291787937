"""The powers of whole microgrids through one day, and what stands in them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.catalogue import DeviceKind
from park.grid import GRID_H, devices, integral, integral_above_zero
from park.model import Floats, Ints, Setting
from sectors.energy import battery, ev, load, pv, wind
from sectors.energy.catalogue import BATTERY, BUILDING_METER, EV_CHARGER, PV_INVERTER, SITE_METER, WIND_TURBINE
from sectors.energy.weather import SiteWeather

#: Rating of a microgrid's transformer, kW.
TRANSFORMER_KW = 100.0
_LOSS_IDLE, _LOSS_FULL = 0.002, 0.012


@dataclass(frozen=True, kw_only=True, eq=False)
class DeviceRows:
    """The devices of one kind in an array of cells, cell by cell: number in the town, unit, and site; (rows,)."""

    device: Ints
    unit: Ints
    site: Ints


def device_rows(setting: Setting, kind: DeviceKind, cells: Ints) -> DeviceRows:
    """The devices of a kind in these cells."""
    device = devices(cells, setting.per_cell[kind.name])
    count = device.shape[1]
    site = np.asarray(setting.site_of(cells), dtype=np.int64)
    return DeviceRows(
        device=device.reshape(-1), unit=np.tile(np.arange(count), len(cells)), site=np.repeat(site, count)
    )


class Plant:
    """What stands in an array of cells; the same on every day."""

    def __init__(self, setting: Setting, cells: Ints) -> None:
        streams = setting.streams
        self.cells = cells
        self.inverters, self.turbines, self.batteries, self.meters, self.chargers, self.connections = (
            device_rows(setting, kind, cells)
            for kind in (PV_INVERTER, WIND_TURBINE, BATTERY, BUILDING_METER, EV_CHARGER, SITE_METER)
        )
        self.roof = pv.roofs(streams, self.inverters.device, self.inverters.unit)
        self.turbine = wind.turbines(streams, self.turbines.device)
        self.battery = battery.batteries(streams, self.batteries.device)
        self.building = load.buildings(streams, self.meters.device, self.meters.unit)
        self.charger_type = self.chargers.unit % 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Morning:
    """What is carried into a day besides registers, by device.

    Attributes:
        charge: of batteries, 0 to 1.
        sessions: that stand at charging points, (rows, 1) each.
        delivered: in these sessions, kWh.
    """

    charge: Floats
    sessions: ev.Sessions
    delivered: Floats


class Flows:
    """The powers of microgrids through one day, (rows, points) each; a part is computed when it is asked for.

    Powers on the grid are lines. What buildings switch and vehicles draw is finer: of these the grid has energies.

    Several days are worked out together when the plant has the same cells again for every day of the weather.
    """

    def __init__(self, setting: Setting, plant: Plant, weather: SiteWeather, morning: Morning) -> None:
        self._streams = setting.streams
        self.plant = plant
        self._weather = weather
        self._morning = morning

    @cached_property
    def solar(self) -> pv.Solar:
        """By inverter."""
        return pv.solar(self.plant.roof, self._weather.rows(self.plant.inverters.site), self._weather)

    @cached_property
    def wind(self) -> wind.Blowing:
        """By turbine."""
        at = self.plant.turbines
        return wind.blowing(self.plant.turbine, self._streams, at.device, self._weather.rows(at.site), self._weather)

    @cached_property
    def load(self) -> load.Loads:
        """By building."""
        at = self.plant.meters
        row = self._weather.rows(at.site)
        return load.Loads(self.plant.building, self._streams, at.device, row, self._weather)

    @cached_property
    def _sessions(self) -> ev.Sessions:
        """By charging point, that begin on the day."""
        at = self.plant.chargers
        return ev.sessions(
            self._streams, at.device, self.plant.charger_type, self._weather.rows(at.site), self._weather
        )

    @cached_property
    def _nights(self) -> ev.Sessions:
        """By charging point, that stand at the day's end."""
        return ev.overnight(self._sessions)

    @cached_property
    def charging(self) -> ev.Charging:
        """By charging point."""
        row = self._weather.rows(self.plant.chargers.site)
        volts = np.minimum(self._weather.supply_voltage, ev.HIGHEST)
        before, delivered = self._morning.sessions.parts, self._morning.delivered
        nights = {
            name: np.concatenate([before[name], part[: -len(delivered)]]) for name, part in self._nights.parts.items()
        }
        return ev.Charging(
            sessions=ev.with_overnight(self._sessions, ev.Sessions(**nights)),
            delivered=delivered,
            voltage=((volts[:, 1:] + volts[:, :-1]) / 2)[row],
        )

    @cached_property
    def made_by_sun(self) -> Floats:
        """By cell, kW."""
        return self._per_cell(self.solar.ac)

    @cached_property
    def made_by_wind(self) -> Floats:
        """By cell, kW."""
        return self._per_cell(self.wind.power)

    @cached_property
    def smooth(self) -> Floats:
        """By buildings of a cell without what is switched, kW."""
        return self._per_cell(self.load.smooth)

    @cached_property
    def used_energy(self) -> Floats:
        """By buildings and vehicles of a cell since the start of the day, kWh."""
        return self._per_cell(self.load.energy) + self._per_cell(self.charging.energy)

    @cached_property
    def surplus(self) -> Floats:
        """Of sun and wind over buildings and vehicles, by battery, kW; the manager's forecast knows of no orders."""
        count = len(self.plant.batteries.device) // len(self.plant.cells)
        mean = load.steps_mean(self.used_energy)
        used = np.concatenate([mean[:, :1], (mean[:, 1:] + mean[:, :-1]) / 2, mean[:, -1:]], axis=1)
        made = self.made_by_sun + np.maximum(self.made_by_wind, 0.0)
        surplus = made - used
        # Batteries of one cell share its sun and its load evenly.
        return np.repeat(surplus / count, count, axis=0) if count > 1 else surplus

    @cached_property
    def _course(self) -> tuple[Floats, Floats]:
        """Plan of each battery, kW, (rows, points), and its state of charge at the start of each day, (rows,).

        The state of charge after the last day follows.
        """
        return battery.dispatch(self.plant.battery, self._morning.charge, self.surplus)

    @cached_property
    def planned(self) -> Floats:
        """Of each battery without its converter's own, kW; positive discharges."""
        return self._course[0]

    @cached_property
    def morning_charge(self) -> Floats:
        """State of charge of each battery at the start of the day, 0 to 1; (rows,)."""
        return self._course[1][: len(self.plant.batteries.device)]

    @property
    def evening(self) -> Morning:
        """What the last day leaves."""
        last = slice(-(len(self.plant.chargers.device) // self._weather.days), None)
        return Morning(
            charge=self._course[1][len(self.plant.batteries.device) :],
            sessions=self._nights.each(lambda part: part[last]),
            delivered=self.charging.given[last],
        )

    @cached_property
    def storage(self) -> Floats:
        """By battery, kW; positive discharges. The converter draws its own all day."""
        return self.planned - self.plant.battery.standby[:, None]

    @cached_property
    def stored(self) -> Floats:
        """By cell, kW; positive discharges."""
        return self._per_cell(self.storage)

    @cached_property
    def loss(self) -> Floats:
        """In the transformer and cables of a cell, kW: a share of the rating, and one that grows with the square.

        Of what lies on the grid: what is switched comes and goes too fast and is too little to warm them.
        """
        carried = (self.made_by_sun + self.made_by_wind + self.smooth) / TRANSFORMER_KW
        return np.asarray((_LOSS_IDLE + _LOSS_FULL * carried * carried) * TRANSFORMER_KW)

    @cached_property
    def lines(self) -> Floats:
        """From the grid into a cell without what is switched or charged, kW."""
        return self.smooth + self.loss - self.made_by_sun - self.made_by_wind - self.stored

    @cached_property
    def grid_steps(self) -> Floats:
        """From the grid into a cell in every step, kWh; (cells, points - 1)."""
        lines = self.lines - self.smooth
        return np.diff(self.used_energy, axis=1) + (lines[:, 1:] + lines[:, :-1]) * (GRID_H / 2)

    def _per_cell(self, power: Floats) -> Floats:
        """Sums over the devices of each cell, one after the other."""
        count = len(power) // len(self.plant.cells)
        total = power[::count].copy()
        for unit in range(1, count):
            total += power[unit::count]
        return total


class Energies:
    """Energies since the start of the day, kWh; (rows, points). The names are those of the carried state."""

    def __init__(self, flows: Flows) -> None:
        self._flows = flows

    @cached_property
    def pv_export(self) -> Floats:
        """By inverter."""
        return integral(self._flows.solar.ac)

    @cached_property
    def wind_export(self) -> Floats:
        """By turbine."""
        return integral_above_zero(self._flows.wind.power)

    @cached_property
    def wind_import(self) -> Floats:
        """By turbine."""
        return integral_above_zero(-self._flows.wind.power)

    @cached_property
    def battery_import(self) -> Floats:
        """By battery."""
        return integral_above_zero(-self._flows.storage)

    @cached_property
    def battery_export(self) -> Floats:
        """By battery."""
        return integral_above_zero(self._flows.storage)

    @cached_property
    def load_import(self) -> Floats:
        """By building."""
        return self._flows.load.energy

    @cached_property
    def ev_export(self) -> Floats:
        """By charging point."""
        return self._flows.charging.energy

    @cached_property
    def grid_import(self) -> Floats:
        """By cell; within a step of the grid, both directions cancel."""
        return _sum(np.maximum(self._flows.grid_steps, 0.0))

    @cached_property
    def grid_export(self) -> Floats:
        """By cell; within a step of the grid, both directions cancel."""
        return _sum(np.maximum(-self._flows.grid_steps, 0.0))


def _sum(steps: Floats) -> Floats:
    """What steps add up to on the grid, (rows, points)."""
    total = np.zeros((len(steps), steps.shape[1] + 1))
    np.cumsum(steps, axis=1, out=total[:, 1:])
    return total
