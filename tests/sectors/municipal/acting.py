"""Days on which something is commanded, looked at instant by instant."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from park.catalogue import PARAMETERS
from park.model import GRID_S, NO_ORDERS, Carry, Floats, Moments, Orders
from sectors.municipal.catalogue import SECTOR
from sectors.municipal.model import MunicipalDay
from tests.reference.municipal_samples import CELLS, model_of, reached
from tests.reference.walk import world_of

SEED = 42
MINUTE, HOUR = 60_000, 3_600_000
KINDS = {kind.name: kind for kind in SECTOR.kinds}
Told = tuple[int, int, int, int, Sequence[float]]


def value(*said: float) -> Floats:
    """What is said with an order."""
    return np.array([*said, *[np.nan] * (PARAMETERS - len(said))])


def orders(number: int, *told: Told) -> Orders:
    """Of (cell, unit, action, milliseconds of the day, what is said), on a day."""
    start = int(world_of(SEED).day(number).times[0])
    cell, unit, action, ms, said = zip(*told, strict=True)
    return Orders.of(
        cell=cell,
        unit=unit,
        action=action,
        effective=np.array(ms) + start,
        value=np.stack([value(*one) for one in said]),
    )


def day_of(number: int, given: Orders = NO_ORDERS, carry: Carry | None = None) -> MunicipalDay:
    """One day of the first cells."""
    before = reached(SEED, number) if carry is None else carry
    return model_of(SEED).day(np.arange(CELLS), before, world_of(SEED).day(number), given)


def moments(day: MunicipalDay, kind: str, cell: int, unit: int, ms: npt.ArrayLike) -> Moments:
    """Of one device at milliseconds of the day."""
    when = np.atleast_1d(np.asarray(ms, dtype=np.int64))
    row = np.full(len(when), cell)
    device = row * KINDS[kind].per_cell + unit
    ts, x = when + int(day.world.times[0]), when / (GRID_S * 1000.0)
    return Moments(row=row, unit=np.full(len(when), unit), device=device, ts=ts, x=x)


def seen(day: MunicipalDay, kind: str, cell: int, unit: int, ms: npt.ArrayLike) -> dict[str, Floats]:
    """Its readings, not rounded."""
    found = model_of(SEED).observe(kind, day, moments(day, kind, cell, unit, ms))
    return {name: values.astype(np.float64) for name, values in found.items()}
