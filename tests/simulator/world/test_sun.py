"""The sun against pvlib's implementation of NREL's algorithm, and clear skies against its tables."""

import numpy as np
import pandas as pd
import pvlib
import pytest

from simulator.world.sky import split
from simulator.world.sun import Sun, air_mass, clear_sky, day_arc, position, refraction
from tests.simulator.world.towns import world

# pvlib 0.16 uses an attribute that pandas 3.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:.*dayofyear")

PLACES = [(31.49, 120.31), (-33.9, 151.2), (65.0, 25.5), (0.0, -78.5)]


def hours_of_years() -> pd.DatetimeIndex:
    return pd.date_range("2020-01-01", "2049-12-31", freq="1603min", tz="UTC")


def sun_at(times: pd.DatetimeIndex, latitude: float, longitude: float) -> Sun:
    ts = (times - pd.Timestamp("1970-01-01", tz="UTC")) // pd.Timedelta("1ms")
    return position(ts.to_numpy(dtype=np.int64), np.array([latitude]), np.array([longitude]))


@pytest.mark.parametrize(("latitude", "longitude"), PLACES)
def test_position(latitude: float, longitude: float) -> None:
    times = hours_of_years()
    truth = pvlib.solarposition.get_solarposition(times, latitude, longitude)
    sun = sun_at(times, latitude, longitude)
    assert np.abs(sun.elevation[0] - truth["elevation"]).max() < 0.02
    turn = (sun.azimuth[0] - truth["azimuth"].to_numpy() + 180) % 360 - 180
    # Near the zenith the azimuth of a hundredth of a degree is large.
    assert np.abs(turn * np.cos(np.radians(sun.elevation[0]))).max() < 0.02


def test_distance() -> None:
    times = hours_of_years()
    truth = pvlib.irradiance.get_extra_radiation(times, method="nrel", solar_constant=1366.1)
    assert np.abs(sun_at(times, 0, 0).extraterrestrial / truth.to_numpy() - 1).max() < 0.0005


def test_refraction_and_air_mass() -> None:
    elevation = np.linspace(1, 90, 200)
    truth = 1 / np.sin(np.radians(elevation + 0.0))
    apparent = 90 - elevation - refraction(elevation)
    oracle = pvlib.atmosphere.get_absolute_airmass(
        pvlib.atmosphere.get_relative_airmass(apparent), pvlib.atmosphere.alt2pres(200)
    )
    assert air_mass(elevation, 200) == pytest.approx(oracle, rel=1e-4)
    assert (air_mass(elevation, 200) <= truth).all()
    assert refraction(np.array([0.0]))[0] == pytest.approx(0.56, abs=0.03)


@pytest.mark.parametrize(("height", "linke"), [(5.0, 3.0), (5.0, 4.8), (1500.0, 2.5)])
def test_clear_sky_is_ineichens(height: float, linke: float) -> None:
    times = pd.date_range("2026-01-01", periods=2000, freq="263min", tz="UTC")
    place = pvlib.location.Location(31.49, 120.31, altitude=height)
    truth = place.get_clearsky(times, linke_turbidity=linke)["ghi"].to_numpy()
    found = clear_sky(sun_at(times, 31.49, 120.31), linke, height)[0]
    assert np.abs(found - truth).max() < 3


@pytest.mark.parametrize(
    ("date", "noon", "day_kwh"), [("2026-06-21", 948, 7.66), ("2026-12-21", 589, 3.52)], ids=["summer", "winter"]
)
def test_clear_days_of_wuxi(date: str, noon: float, day_kwh: float) -> None:
    index = (pd.Timestamp(date) - pd.Timestamp("2025-12-31")).days
    clear = world().day(index).ghi_clear[2, :-1]
    assert clear.max() == pytest.approx(noon, rel=0.03)
    assert clear.sum() / 12_000 == pytest.approx(day_kwh, rel=0.03)


def test_split_is_erbs() -> None:
    times = pd.date_range("2026-01-01", periods=3000, freq="173min", tz="UTC")
    sun = sun_at(times, 31.49, 120.31)
    high = sun.elevation[0] > 5
    ghi = np.random.default_rng(1).uniform(0, 1, len(times)) * clear_sky(sun, 3.0, 0)[0] * 1.1
    dni, dhi = (part[0] for part in split(ghi[None], sun))
    apparent = 90 - sun.elevation[0] - refraction(sun.elevation[0])
    truth = pvlib.irradiance.erbs(ghi, apparent, times)
    assert np.abs(dhi - truth["dhi"].to_numpy())[high].max() < 3
    assert dni.min() >= 0
    assert (dni * np.cos(np.radians(apparent)) + dhi)[high] == pytest.approx(ghi[high])
    assert (dni[~high & (sun.elevation[0] < 3)] == 0).all()


def test_day_length() -> None:
    days = np.arange(1, 366, 7)
    times = pd.DatetimeIndex(pd.Timestamp("2026-01-01", tz="Asia/Shanghai") + pd.to_timedelta(days - 1, unit="D"))
    truth = pvlib.solarposition.sun_rise_set_transit_spa(times, 31.49, 120.31)
    length, equation = day_arc(days.astype(np.float64), np.array([31.49]))
    hours = (truth["sunset"] - truth["sunrise"]).dt.total_seconds().to_numpy() / 3600
    assert np.abs(length[0] - hours).max() < 0.25  # refraction and the sun's disc are left out
    noon = (truth["transit"] - times.to_series(index=truth.index)).dt.total_seconds().to_numpy() / 60
    assert np.abs(720 + (120 - 120.31) * 4 - equation - noon).max() < 1.5
