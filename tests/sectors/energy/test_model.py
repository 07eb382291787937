"""The energy model from outside: what its devices publish."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from park.catalogue import Behaviour, ValueType
from park.model import NO_ORDERS, Moments
from sectors.energy.catalogue import SECTOR
from sectors.energy.model import EnergyModel
from simulator.streams import CounterStreams
from simulator.world import World
from simulator.world.climates import CLIMATES
from tests.reference.walk import Walked, setting_of, town, walk, world_of

KINDS = {kind.name: kind for kind in SECTOR.kinds}
WINTER, SUMMER = 20, 200


def days(first: int, count: int, cells: int = 8, seed: int = 11) -> list[Walked]:
    world = world_of(seed)
    return list(walk("energy", seed, count, cells, weather=lambda index: world.day(first + index)))


def moments(day: Walked, kind: str, places: list[float], cells: np.ndarray) -> Moments:
    """Readings of all devices of `cells` at places of the grid."""
    per_cell = KINDS[kind].per_cell
    row, unit, x = (
        part.ravel() for part in np.meshgrid(np.arange(len(cells)), np.arange(per_cell), places, indexing="ij")
    )
    return Moments(
        row=row,
        unit=unit,
        device=cells[row] * per_cell + unit,
        ts=day.world.times[0] + np.rint(x * 300_000).astype(np.int64),
        x=x.astype(np.float64),
    )


def keeps_its_ranges(day: Walked, kind: str, every_s: float) -> None:
    seen = day.observe(kind, every_s=every_s)
    assert set(seen) == set(KINDS[kind].channel)
    for channel in KINDS[kind].channels:
        values = seen[channel.name]
        if channel.type is ValueType.FLOAT:
            assert values.min() >= channel.low, channel.name
            assert values.max() <= channel.high, channel.name
        if channel.type is ValueType.TEXT:
            assert set(np.unique(values)) <= set(range(len(channel.texts))), channel.name


@pytest.mark.parametrize("first", [WINTER, SUMMER])
@pytest.mark.parametrize("kind", KINDS)
def test_clean_values_keep_their_ranges(kind: str, first: int) -> None:
    for day in days(first, 12):
        keeps_its_ranges(day, kind, every_s=60)


@pytest.mark.parametrize("climate", CLIMATES)
def test_clean_values_keep_their_ranges_in_every_climate(climate: str) -> None:
    place = town(11).settings
    latitude = CLIMATES[climate].latitude
    world = World(
        CounterStreams(11),
        latitude=latitude,
        longitude=place.longitude,
        elevation_m=place.elevation_m,
        utc_offset_ms=place.utc_offset_ms,
        country=place.country,
        climate=climate,
        commissioned=place.commissioned,
        site_latitudes=[latitude, latitude + 0.1],
        site_longitudes=[place.longitude, place.longitude + 0.1],
    )
    setting = replace(setting_of("energy", 11), site_of=lambda cells: cells % 2)
    model, cells = EnergyModel(setting), np.arange(2)
    for index in (3, 15, 27, 180, 195, 210):
        carry = model.begin(cells)
        today = world.day(index)
        state = model.day(cells, carry, today, NO_ORDERS)
        day = Walked(sector="energy", model=model, world=today, cells=cells, before=carry, after=carry, state=state)
        for kind in KINDS:
            keeps_its_ranges(day, kind, every_s=300)


def test_a_clean_stream_has_no_gaps() -> None:
    for day in days(SUMMER, 1):
        for kind in KINDS:
            for name, values in day.observe(kind, every_s=60).items():
                assert np.isfinite(values.astype(np.float64)).all(), (kind, name)


def test_a_cell_is_the_same_whatever_stands_beside_it() -> None:
    model, today = EnergyModel(setting_of("energy", 4)), world_of(4).day(100)
    many, few = np.arange(70), np.array([3, 66])
    among, alone = (model.advance(cells, model.begin(cells), today, NO_ORDERS) for cells in (many, few))
    assert all((among[name][few] == alone[name]).all() for name in alone)
    day = days(100, 1)[0]
    for kind in KINDS:
        seen = [
            model.observe(
                kind,
                model.day(cells, model.begin(cells), today, NO_ORDERS),
                moments(day, kind, [0.0, 70.3, 287.9], cells),
            )
            for cells in (many, few)
        ]
        at = moments(day, kind, [0.0, 70.3, 287.9], many)
        for name in seen[1]:
            assert (seen[0][name][np.isin(many[at.row], few)] == seen[1][name]).all(), (kind, name)


def test_days_join_without_a_seam() -> None:
    for before, after in pairwise(days(SUMMER, 4)):
        for kind in KINDS.values():
            late, early = (
                day.model.observe(kind.name, day.state, moments(day, kind.name, [place], day.cells))
                for day, place in ((before, np.nextafter(288.0, 0.0)), (after, 0.0))
            )
            # The instruments' noise is a function of the moment, which is the same in both to the millisecond.
            for channel in kind.channels:
                if channel.type is ValueType.FLOAT and channel.name != "nacelle_direction":
                    # What a vehicle draws follows the mean voltage of a step of the grid.
                    rtol = 0.005 if kind.name in {"ev_charger", "site_meter"} else 1e-5
                    seen = (late[channel.name], early[channel.name])
                    assert np.allclose(*seen, rtol=rtol, atol=1e-6), (kind.name, channel.name)


def test_vehicles_stay_over_the_seam() -> None:
    walked = days(SUMMER, 5)
    overnight = [day.observe("ev_charger")["vehicle_connected"][:, 0] for day in walked]
    assert any(late[:, -1].any() for late in overnight)
    sessions = [day.observe("ev_charger")["session_energy"][:, 0] for day in walked]
    for before, after in pairwise(zip(overnight, sessions, strict=True)):
        assert (before[0][:, -1] == after[0][:, 0]).all()
        still = before[0][:, -1]
        assert (after[1][still, 0] >= before[1][still, -1]).all()


def test_registers_never_fall_and_count_the_published_power() -> None:
    every_s = 10
    for day in days(WINTER, 3, cells=2):
        for kind in KINDS.values():
            seen = day.observe(kind.name, every_s=every_s)
            names = [c.name for c in kind.channels if c.behaviour is Behaviour.REGISTER]
            for name in names:
                assert (np.diff(np.round(seen[name], 3), axis=2) >= 0).all(), (kind.name, name)
            net = sum(_sign(kind.name, name) * (seen[name][..., -1] - seen[name][..., 0]) for name in names)
            steps = np.round(seen["active_power"], 3)
            integral = (steps[..., 1:] + steps[..., :-1]).sum(axis=2) * every_s / 7200
            # A car that begins between two readings is half seen: 22 kW for 5 s.
            assert np.allclose(net, integral, rtol=0.01, atol=0.04), kind.name


def _sign(kind: str, register: str) -> float:
    """Of a register in the integral of `active_power`, which meters count inwards and the others outwards."""
    exports = register == "total_active_energy_export"
    return 1.0 if exports != (kind in {"building_meter", "site_meter"}) else -1.0


def test_a_balance_closes_at_any_instant_as_published() -> None:
    for day in days(SUMMER, 2):
        seen = {kind: day.observe(kind, every_s=37) for kind in KINDS}
        power = {kind: np.round(seen[kind]["active_power"], 3).sum(axis=1) for kind in KINDS}
        site = {name: np.round(values[:, 0], 3) for name, values in seen["site_meter"].items()}
        use = power["building_meter"] + power["ev_charger"]
        sources = power["pv_inverter"] + power["wind_turbine"] + power["battery"] + power["site_meter"]
        assert (np.abs(sources - use - site["conversion_loss"]) <= 0.005 * use).all()
        assert np.allclose(site["photovoltaic_power"], power["pv_inverter"], atol=0.003)
        assert np.allclose(site["consumption_power"], use, atol=0.005)
        assert np.allclose(site["storage_power"], power["battery"], atol=0.003)


def test_current_voltage_and_power_factor_agree_with_power() -> None:
    for day in days(SUMMER, 2):
        meter = day.observe("building_meter", every_s=60)
        apparent = np.hypot(meter["active_power"], meter["reactive_power"])
        assert np.allclose(meter["active_power"], meter["power_factor"] * apparent)
        conductors = apparent * 1000 / (meter["phase_voltage"] * meter["current"])
        assert np.allclose(conductors, np.rint(conductors))
        assert set(np.unique(np.rint(conductors))) == {1.0, 3.0}
        inverter = day.observe("pv_inverter", every_s=60)
        assert np.allclose(3 * inverter["phase_voltage"] * inverter["current"], inverter["active_power"] * 1000)
        assert (inverter["dc_power"] >= inverter["active_power"]).all()


def test_charge_follows_the_registers_of_the_battery() -> None:
    for day in days(SUMMER, 3):
        seen = day.observe("battery")
        standby = day.state.flows.plant.battery.standby[:, None, None]
        x = np.arange(0, 288) / 12
        # The converter's own is metered, but not stored.
        counted = seen["total_active_energy_export"] - seen["total_active_energy_import"] + standby * x
        cells = np.diff(counted, axis=2)
        stored = -np.cumsum(np.where(cells > 0, cells / 0.95, cells * 0.95), axis=2)
        capacity = day.state.flows.plant.battery.capacity[:, None, None]
        charge = seen["state_of_charge"] / 100 * capacity
        assert np.allclose((charge - charge[..., :1])[..., 1:], stored, atol=1e-6)


def test_the_whole_town_has_one_frequency() -> None:
    day = days(WINTER, 1)[0]
    seen = [day.observe(kind)["frequency"] for kind in ("pv_inverter", "building_meter", "site_meter")]
    assert all((frequency == seen[0][:1, :1]).all() for frequency in seen)


def test_states_say_what_the_powers_do() -> None:
    for day in days(SUMMER, 3):
        charger = day.observe("ev_charger", every_s=60)
        texts = np.array(KINDS["ev_charger"].channel["status"].texts)[charger["status"]]
        assert ((texts == "available") == ~charger["vehicle_connected"]).all()
        assert ((texts == "charging") == (charger["active_power"] > 0)).all()
        assert (charger["session_energy"][~charger["vehicle_connected"]] == 0).all()
        turbine = day.observe("wind_turbine", every_s=60)
        running = np.isin(turbine["status"], [1, 2])
        assert (running == (turbine["active_power"] > 0)).all()


def test_firmware_is_only_ever_updated() -> None:
    model, setting = EnergyModel(setting_of("energy", 4)), setting_of("energy", 4)
    assert setting.per_cell["pv_inverter"] == 3
    cells = np.arange(30)
    day = days(WINTER, 1)[0]
    versions = []
    for index in (0, 60, 120, 220, 300):
        today = replace(world_of(4).day(0), index=index)
        state = model.day(cells, model.begin(cells), today, NO_ORDERS)
        versions.append(model.observe("pv_inverter", state, moments(day, "pv_inverter", [10.0], cells))["firmware"])
    assert all((later >= earlier).all() for earlier, later in pairwise(versions))
    assert (versions[0] == 0).all()
    assert len(np.unique(versions[1])) > 1
    assert (versions[-1] == 2).all()
