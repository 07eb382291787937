"""A day of lamps is the same to the bit whether its orders came at once or a few at a time, in whatever order."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from park.model import DAY_MS
from sectors.municipal.catalogue import RESUME, SET_LEVEL
from sectors.municipal.lamp import LampDay
from tests.sectors.municipal.acting import Told, day_of, orders

DAY = 40
LAMPS = 24
MOMENTS = np.sort(np.random.default_rng(1).integers(0, DAY_MS, 400))

_moments = st.one_of(st.integers(0, DAY_MS - 1), st.integers(0, 3), st.sampled_from([68_400_000, 3_600_000]))


@st.composite
def told(draw: st.DrawFn) -> Told:
    cell, unit = draw(st.integers(0, 1)), draw(st.integers(0, 1))
    if draw(st.booleans()):
        return cell, unit, RESUME, draw(_moments), ()
    level, ramp = draw(st.integers(0, 1000)), draw(st.sampled_from([0.0, 2.0, 90.0]))
    return cell, unit, SET_LEVEL, draw(_moments), (level / 10, ramp)


def looked_at(day: LampDay) -> bytes:
    """Everything that the lamps are at many moments, and in the next morning."""
    lamp = np.arange(len(MOMENTS)) % LAMPS
    seen = day.at(lamp, MOMENTS)
    parts = [seen.level, seen.power, seen.warm, seen.energy, seen.hours, seen.one.told, *day.end().values()]
    return b"".join(part.tobytes() for part in parts)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(told(), max_size=6), min_size=1, max_size=5))
def test_orders_that_come_a_few_at_a_time_make_the_day_that_they_make_at_once(batches: Sequence[list[Told]]) -> None:
    plain = day_of(DAY)
    fresh, grown, known = plain.lighting.lamps, plain.lighting.lamps, list[Told]()
    for batch in batches:
        known += batch
        if known:
            grown = grown.obeying(orders(DAY, *known), plain.span)
            looked_at(grown)
            assert looked_at(grown) == looked_at(fresh.obeying(orders(DAY, *known), plain.span))
    assert looked_at(fresh) == looked_at(plain.lighting.lamps)


def test_a_long_day_of_orders_takes_no_more_room_than_it_needs() -> None:
    plain, known = day_of(DAY), list[Told]()
    day = plain.lighting.lamps
    for number in range(1500):
        known.append((0, 0, SET_LEVEL, 1000 * number, (50.0 + number % 50, 1.0)))
        if number % 3 == 0:
            day = day.obeying(orders(DAY, *known), plain.span)
    day = day.obeying(orders(DAY, *known), plain.span)
    assert day.ordered is not None
    assert len(day.ordered.table) < 8000
    assert looked_at(day) == looked_at(plain.lighting.lamps.obeying(orders(DAY, *known), plain.span))
