"""The powers of whole microgrids through one day, and what stands in them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from park.catalogue import DeviceKind
from park.grid import devices, integral, integral_above_zero
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


class Flows:
    """The powers of microgrids through one day, (rows, points) each; a part is computed when it is asked for.

    Several days are worked out together when the plant has the same cells again for every day of the weather.
    """

    def __init__(self, setting: Setting, plant: Plant, weather: SiteWeather) -> None:
        self._streams = setting.streams
        self.plant = plant
        self._weather = weather

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
    def load(self) -> Floats:
        """By building, kW."""
        at = self.plant.meters
        return load.active_power(
            self.plant.building, self._streams, at.device, self._weather.rows(at.site), self._weather
        )

    @cached_property
    def reactive(self) -> Floats:
        """By building, kvar."""
        at = self.plant.meters
        return load.reactive_power(self.plant.building, self._streams, at.device, self.load, self._day(at))

    @cached_property
    def charging(self) -> ev.Charging:
        """By charging point."""
        at, types = self.plant.chargers, self.plant.charger_type
        row = self._weather.rows(at.site)
        index, weekday, workday = self._weather.index[row], self._weather.weekday[row], self._weather.workday[row]
        # At home the week decides: whether yesterday was a holiday is not known. Elsewhere nobody stays overnight.
        at_home = types == ev.HOME
        today = np.where(at_home, weekday < 5, workday)
        before = np.where(at_home, (weekday - 1) % 7 < 5, workday)
        # Days follow one another: only before the first is there a day more.
        first = slice(len(row) // self._weather.days)
        days = ev.sessions(
            self._streams,
            np.concatenate([at.device[first], at.device]),
            np.concatenate([types[first], types]),
            np.concatenate([index[first] - 1, index]),
            np.concatenate([before[first], today]),
        )
        return ev.charging(days.each(lambda part: part[first.stop :]), days.each(lambda part: part[: len(row)]))

    @cached_property
    def made_by_sun(self) -> Floats:
        """By cell, kW."""
        return self._per_cell(self.solar.ac)

    @cached_property
    def made_by_wind(self) -> Floats:
        """By cell, kW."""
        return self._per_cell(self.wind.power)

    @cached_property
    def used(self) -> Floats:
        """By buildings and vehicles of a cell, kW."""
        return self._per_cell(self.load) + self._per_cell(self.charging.power)

    @cached_property
    def morning_charge(self) -> Floats:
        """State of charge of each battery at the start of the day, 0 to 1; (rows,)."""
        at = self.plant.batteries
        return battery.morning_charge(self._streams, at.device, self._day(at))

    @cached_property
    def storage(self) -> Floats:
        """By battery, kW; positive discharges."""
        at = self.plant.batteries
        evening = battery.morning_charge(self._streams, at.device, self._day(at) + 1)
        count = len(at.device) // len(self.plant.cells)
        # Batteries of one cell share its sun and its load evenly.
        made, used = (
            np.repeat(power / count, count, axis=0) for power in (self.made_by_sun + self.made_by_wind, self.used)
        )
        return battery.dispatch(self.plant.battery, self.morning_charge, evening, made, used)

    @cached_property
    def charged(self) -> Floats:
        """Into each battery, kW."""
        return np.maximum(-self.storage, 0.0)

    @cached_property
    def discharged(self) -> Floats:
        """Out of each battery, kW."""
        return np.maximum(self.storage, 0.0)

    @cached_property
    def stored(self) -> Floats:
        """By cell, kW; positive discharges."""
        return self._per_cell(self.storage)

    @cached_property
    def loss(self) -> Floats:
        """In the transformer and cables of a cell, kW: a share of the rating, and one that grows with the square."""
        carried = (self.made_by_sun + self.made_by_wind + self.used) / TRANSFORMER_KW
        return np.asarray((_LOSS_IDLE + _LOSS_FULL * carried * carried) * TRANSFORMER_KW)

    @cached_property
    def grid(self) -> Floats:
        """From the grid into a cell, kW."""
        return self.used + self.loss - self.made_by_sun - self.made_by_wind - self.stored

    @cached_property
    def fed_in(self) -> Floats:
        """From a cell into the grid, kW: `grid` with the other sign."""
        return -self.grid

    @cached_property
    def grid_reactive(self) -> Floats:
        """From the grid into a cell, kvar."""
        return self._per_cell(self.reactive)

    def _day(self, at: DeviceRows) -> Ints:
        """Number of the day, by device."""
        return self._weather.index[self._weather.rows(at.site)]

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
        return integral(self._flows.wind.power)

    @cached_property
    def battery_import(self) -> Floats:
        """By battery."""
        return integral(self._flows.charged)

    @cached_property
    def battery_export(self) -> Floats:
        """By battery."""
        return integral(self._flows.discharged)

    @cached_property
    def load_import(self) -> Floats:
        """By building."""
        return integral(self._flows.load)

    @cached_property
    def ev_export(self) -> Floats:
        """By charging point."""
        return integral(self._flows.charging.power)

    @cached_property
    def grid_import(self) -> Floats:
        """By cell."""
        return integral_above_zero(self._flows.grid)

    @cached_property
    def grid_export(self) -> Floats:
        """By cell."""
        return integral_above_zero(self._flows.fed_in)
