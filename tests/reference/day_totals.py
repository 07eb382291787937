"""What each site's roads, car parks and charging points make of a day, as their registers tell.

Homes are not among them: what they draw in a day follows the weather, and hardly whether people are out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from park.model import NO_ORDERS, Floats, Model, Setting, WorldDay
from sectors.energy.model import EnergyModel
from sectors.transport.model import TransportModel
from tests.reference.transport_season import kinds_of
from tests.reference.walk import setting_of, world_of

#: Register to its sector: traffic, parking, charging.
_REGISTERS = {"entered": "transport", "visits": "transport", "ev_export": "energy"}
_MODELS: Mapping[str, Callable[[Setting], Model]] = {"transport": TransportModel, "energy": EnergyModel}
#: Of each sector: so many that what a site charges is not a matter of single cars.
_CELLS = 64
_BATCH = 16
#: Days of a kind in half a year.
_RARE = 12


@dataclass(frozen=True, kw_only=True, eq=False)
class Totals:
    """Day totals.

    Attributes:
        of: (series, days).
        sort: (series,) number of its register.
        kind: (days,) days that are alike.
    """

    of: Floats
    sort: npt.NDArray[np.int64]
    kind: npt.NDArray[np.int64]

    @property
    def residuals(self) -> Floats:
        """(series, days) logarithms, less those of days of the kind and a slow season.

        Days of a kind that is rare are left out: of a few holidays, one's people are another's.
        """
        left = np.log(np.maximum(self.of, 1e-3))
        for groups in (self.kind, np.arange(left.shape[-1]) // 28):
            for group in np.unique(groups):
                mine = groups == group
                left[:, mine] -= left[:, mine].mean(axis=-1, keepdims=True)
        return left[:, np.isin(self.kind, np.flatnonzero(np.bincount(self.kind) > _RARE))]


@cache
def totals_of(seed: int, days: int) -> Totals:
    """The park's own."""
    world = world_of(seed)
    true = [day for first in range(1, days + 1, _BATCH) for day in world.days(first, min(first + _BATCH, days + 1))]
    parts = [_daily(sector, name, seed, true) for name, sector in _REGISTERS.items()]
    sort = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return Totals(of=np.concatenate(parts), sort=sort, kind=kinds_of(true))


def _daily(sector: str, register: str, seed: int, days: Sequence[WorldDay]) -> Floats:
    """(sites, days) of a register."""
    model = _MODELS[sector](setting_of(sector, seed))
    cells = np.arange(_CELLS)
    site = setting_of(sector, seed).site_of(cells)
    carry, read = model.begin(cells), []
    for day in days:
        read.append(np.asarray(carry[register]).sum(axis=1))
        carry = model.advance(cells, carry, day, NO_ORDERS)
    made = np.diff(np.stack([*read, np.asarray(carry[register]).sum(axis=1)], axis=1), axis=1)
    return np.stack([made[site == one].sum(axis=0) for one in np.unique(site)]).astype(np.float64)
