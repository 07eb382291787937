"""What devices refuse by themselves, each with its reason."""

import numpy as np

from park.model import GRID_S, Floats, Moments
from park.orders import Interlocks
from sectors.municipal.catalogue import (
    CLOSE,
    OPEN,
    RESUME,
    SET_LEVEL,
    SET_MODE,
    SET_PRESSURE,
    SET_TEMPERATURE,
    SET_VALVE,
)
from sectors.municipal.model import MunicipalDay
from tests.reference.municipal_samples import CELLS, model_of, observed
from tests.reference.walk import setting_of, world_of
from tests.sectors.municipal.acting import HOUR, MINUTE, SEED, day_of, moments, orders, seen, value

SUMMER, WINTER = 200, 20
NOON, NIGHT = 8 * HOUR, 17 * HOUR
LIBRARY = 1
OFF, COOLING, HEATING = 1, 2, 3


def refused(day: MunicipalDay, action: int, said: Floats, at: Moments) -> str | None:
    model = model_of(SEED)
    assert isinstance(model, Interlocks)
    return model.refusal(day, action, said, at)


def lamp(day: MunicipalDay, ms: int) -> Moments:
    return moments(day, "street_lamp", 0, 0, [ms])


def test_no_lamp_goes_below_its_class_in_the_dark() -> None:
    day = day_of(WINTER)
    assert refused(day, SET_LEVEL, value(10.0, 1.0), lamp(day, NIGHT)) == "below-class"
    assert refused(day, SET_LEVEL, value(80.0, 1.0), lamp(day, NIGHT)) is None
    assert refused(day, SET_LEVEL, value(10.0, 1.0), lamp(day, NOON)) is None
    assert refused(day, RESUME, value(), lamp(day, NIGHT)) is None


def test_nothing_is_obeyed_while_someone_works_at_the_cabinet() -> None:
    visits = 0
    for number in range(60):
        day = day_of(number)
        door = observed(SEED, day, "light_cabinet", GRID_S)["door_open"][:, 0]
        for cell in np.flatnonzero(door.any(axis=1)).tolist():
            visits += 1
            at = moments(day, "street_lamp", cell, 0, [int(door[cell].argmax()) * GRID_S * 1000])
            for action, said in ((SET_LEVEL, value(80.0, 1.0)), (RESUME, value())):
                assert refused(day, action, said, at) == "manual"
    assert visits > 0


def test_no_zone_takes_a_pressure_that_leaves_the_farthest_tap_dry() -> None:
    day = day_of(SUMMER)
    at = moments(day, "pressure_zone", 0, 0, [NOON])
    assert refused(day, SET_PRESSURE, value(130.0), at) == "low-pressure"
    assert refused(day, SET_PRESSURE, value(280.0), at) is None
    assert refused(day, SET_VALVE, value(8.0), at) == "low-pressure"
    assert refused(day, SET_VALVE, value(60.0), at) is None


def test_no_green_is_watered_in_rain_or_frost_or_from_a_weak_zone() -> None:
    site = int(setting_of("municipal", SEED).site_of(np.arange(1))[0])
    reasons = set()
    for number in range(0, 200, 3):
        day = day_of(number)
        wet, cold = world_of(SEED).day(number).precipitation[site], world_of(SEED).day(number).temperature[site]
        for point in range(0, 288, 24):
            at = moments(day, "green_valve", 0, 0, [point * GRID_S * 1000])
            reason = refused(day, OPEN, value(10), at)
            assert refused(day, CLOSE, value(), at) is None
            assert (reason == "rain") == (wet[point] >= 0.1)
            assert (reason == "frost") == (wet[point] < 0.1 and cold[point] < 3.0)
            reasons.add(reason)
    assert reasons == {None, "rain", "frost"}
    weak = day_of(SUMMER, orders(SUMMER, (0, 0, SET_PRESSURE, NOON, (150.0,))))
    dry = moments(weak, "green_valve", 0, 0, [16 * HOUR])
    assert refused(weak, OPEN, value(10), dry) == "low-pressure"


def test_no_hall_goes_beyond_the_rule() -> None:
    for number, fine, beyond in ((SUMMER, 27.0, 24.0), (WINTER, 19.0, 23.0)):
        day = day_of(number)
        at = moments(day, "climate_zone", 0, LIBRARY, [NOON])
        assert refused(day, SET_TEMPERATURE, value(beyond), at) == "beyond-rule"
        assert refused(day, SET_TEMPERATURE, value(fine), at) is None


def test_no_compressor_starts_again_within_three_minutes() -> None:
    day = day_of(SUMMER)
    seconds = np.arange(4 * HOUR, 18 * HOUR, 10_000)
    runs = seen(day, "climate_zone", 0, LIBRARY, seconds)["active_power"] > 0.1
    stops = seconds[1:][runs[:-1] & ~runs[1:]]
    # The last of them when the doors close.
    assert len(stops)
    for ms in map(int, stops):
        soon, later = (moments(day, "climate_zone", 0, LIBRARY, [ms + wait]) for wait in (MINUTE, 200_000))
        assert refused(day, SET_MODE, value(HEATING), soon) == "compressor-rest"
        assert refused(day, SET_MODE, value(OFF), soon) is None
        if not runs[(seconds > ms) & (seconds < ms + 4 * MINUTE)].any():
            assert refused(day, SET_MODE, value(HEATING), later) is None


def test_a_refusal_asks_one_device_alone() -> None:
    day = day_of(WINTER)
    for cell in range(CELLS):
        at = moments(day, "street_lamp", cell, 5, [NIGHT])
        # The cabinet of a first-class road asks for 40 %, others for less.
        assert refused(day, SET_LEVEL, value(41.0, 0.0), at) is None
        assert refused(day, SET_LEVEL, value(29.0, 0.0), at) == "below-class"
