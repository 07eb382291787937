"""PV against pvlib, which implements the same publications."""

import numpy as np
import pandas as pd
import pvlib
import pytest

from sectors.energy import pv

# pvlib asks pandas for an attribute by its old name.
pytestmark = pytest.mark.filterwarnings("ignore:DatetimeIndex.dayofyear")

TILT, AZIMUTH, EXTRA = 25.0, 150.0, 1380.0


@pytest.fixture(scope="module")
def sky() -> pd.DataFrame:
    """A clear day in Wuxi."""
    times = pd.date_range("2026-05-01 06:30", "2026-05-01 17:30", freq="10min", tz="Asia/Shanghai")
    place = pvlib.location.Location(31.49, 120.31)
    sun = place.get_solarposition(times)
    clear = place.get_clearsky(times, solar_position=sun)
    return pd.concat([sun, clear], axis=1)


def poa(sky: pd.DataFrame) -> np.ndarray:
    elevation, azimuth = np.radians(90 - sky["zenith"].to_numpy()), np.radians(sky["azimuth"].to_numpy())
    tilt, towards = np.radians(TILT), np.radians(AZIMUTH)
    cos_aoi = np.cos(elevation) * np.cos(azimuth - towards) * np.sin(tilt) + np.sin(elevation) * np.cos(tilt)
    return pv.plane_of_array(
        up=np.full(len(sky), np.cos(tilt)),
        cos_aoi=cos_aoi,
        sun_up=np.sin(elevation),
        ghi=sky["ghi"].to_numpy(),
        dni=sky["dni"].to_numpy(),
        dhi=sky["dhi"].to_numpy(),
        extra=EXTRA,
    )


def test_the_plane_of_array_is_hay_and_davies_with_the_cover_of_ashrae(sky: pd.DataFrame) -> None:
    total = pvlib.irradiance.get_total_irradiance(
        TILT, AZIMUTH, sky["zenith"], sky["azimuth"], sky["dni"], sky["ghi"], sky["dhi"],
        dni_extra=EXTRA, albedo=pv.ALBEDO, model="haydavies",
    )  # fmt: skip
    aoi = pvlib.irradiance.aoi(TILT, AZIMUTH, sky["zenith"], sky["azimuth"])
    lost = total["poa_direct"] * (1 - pvlib.iam.ashrae(aoi, b=pv.COVER_B0))
    expected = (total["poa_global"] - lost).to_numpy()
    # Ours also takes the cover's loss from the light around the sun: less than one per cent of the whole.
    assert np.allclose(poa(sky), expected, rtol=0.01, atol=4)


def test_the_module_temperature_is_faimans() -> None:
    irradiance, air, wind = np.array([0.0, 400.0, 1000.0]), np.array([-3.0, 20.0, 35.0]), np.array([0.0, 2.0, 6.0])
    expected = pvlib.temperature.faiman(irradiance, air, wind, u0=pv.FAIMAN_U0, u1=pv.FAIMAN_U1)
    assert np.allclose(pv.module_temperature(irradiance, air, wind), expected)


def test_the_inverter_is_pvwatts() -> None:
    limit = 10.0
    dc = np.linspace(0.1, limit, 100)
    expected = np.maximum(pvlib.inverter.pvwatts(dc, limit, eta_inv_nom=0.96, eta_inv_ref=0.9637), 0)
    assert np.allclose(pv.inverter_ac(dc, np.array(limit)), expected)


def test_an_inverter_gives_its_rating_at_the_limit_and_nothing_in_the_dark() -> None:
    limit = np.array([5.0, 8.0]) / pv.INVERTER_NOMINAL
    assert np.allclose(pv.inverter_ac(limit, limit), [5.0, 8.0])
    assert (pv.inverter_ac(np.zeros(2), limit) == 0).all()
