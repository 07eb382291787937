"""The sectors, found by looking: every folder here that has a `catalogue.py` with a `SECTOR`."""

import importlib
import pkgutil

from park.catalogue import DeviceKind, Sector
from park.errors import CatalogueError
from park.event import PARK_EVENTS, EventCatalogue, event_catalogue


def _discover() -> dict[str, Sector]:
    found: dict[str, Sector] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        sector = importlib.import_module(f"{__name__}.{module.name}.catalogue").SECTOR
        if not isinstance(sector, Sector) or sector.name.replace("-", "_") != module.name:
            raise CatalogueError(f"sectors/{module.name}/catalogue.py: SECTOR must be a Sector of that name")
        found[sector.name] = sector
    return found


def _index(sectors: dict[str, Sector]) -> tuple[dict[str, DeviceKind], dict[str, Sector]]:
    kinds: dict[str, DeviceKind] = {}
    homes: dict[str, Sector] = {}
    for sector in sectors.values():
        for kind in sector.kinds:
            if kind.name in kinds:
                raise CatalogueError(
                    f"kind {kind.name!r} is defined by the sectors {homes[kind.name].name!r} and {sector.name!r}; "
                    "a kind's name is its measurement and must be unique: rename one"
                )
            kinds[kind.name] = kind
            homes[kind.name] = sector
    return kinds, homes


SECTORS: dict[str, Sector] = _discover()
KINDS, SECTOR_OF = _index(SECTORS)
EVENTS: EventCatalogue = event_catalogue(SECTORS.values(), PARK_EVENTS)
