"""The town's settings: park.toml, validated. Reading the file, and finding the sectors, is the caller's business."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from park.catalogue import DeviceKind, Sector
from park.errors import NotToml, TownError
from park.toml import parse_toml

_CELLS = 2
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=48)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TownSettings(_Strict):
    """`[town]`: where and when the town stands."""

    name: str = "Sensing park"
    latitude: float = Field(ge=-66, le=66)
    longitude: float = Field(ge=-180, le=180)
    elevation_m: float = Field(default=0.0, ge=-400, le=5000)
    utc_offset: str = "+00:00"
    country: str = "CN"
    climate: str = ""
    commissioned: dt.date = Field(default=dt.date(2026, 1, 1), ge=dt.date(2000, 1, 1), lt=dt.date(2100, 1, 1))
    seed: int = Field(default=42, ge=0, lt=2**63)
    devices: int | None = Field(default=None, ge=1, le=10_000_000)

    @field_validator("utc_offset")
    @classmethod
    def _offset(cls, value: str) -> str:
        match = _OFFSET.fullmatch(value)
        if match is None or int(match[2]) > 14 or int(match[3]) > 59:
            raise ValueError("must look like +08:00")
        return value

    @property
    def utc_offset_ms(self) -> int:
        """Local time less UTC, in milliseconds."""
        sign, hours, minutes = _OFFSET.fullmatch(self.utc_offset).groups()  # type: ignore[union-attr]
        return int(sign + "1") * (int(hours) * 60 + int(minutes)) * 60_000

    @property
    def commissioned_ms(self) -> int:
        """Local midnight of the commissioning, Unix milliseconds."""
        midnight = dt.datetime.combine(self.commissioned, dt.time(), tzinfo=dt.UTC)
        return int(midnight.timestamp() * 1000) - self.utc_offset_ms


class Site(_Strict):
    """`[[sites]]`: a place with a gateway."""

    name: Slug
    sectors: tuple[str, ...] = Field(min_length=1)
    latitude: float = Field(ge=-66, le=66)
    longitude: float = Field(ge=-180, le=180)


class Lake(_Strict):
    """`[[lakes]]`: a round of water on which nothing stands."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    radius_km: float = Field(gt=0, le=100)


class KindSettings(_Strict):
    """`[kinds.NAME]`: what the town changes about a kind."""

    interval_s: float | None = Field(default=None, gt=0, le=86_400)
    weight: float | None = Field(default=None, ge=1e-9, le=1e9)


class _File(_Strict):
    """A whole park.toml."""

    town: TownSettings
    sites: tuple[Site, ...] = ()
    lakes: tuple[Lake, ...] = ()
    kinds: dict[str, KindSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self, info: ValidationInfo) -> "_File":
        sectors: Mapping[str, Sector] = info.context["sectors"] if info.context else {}
        names = [site.name for site in self.sites]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"sites: the name {twice[0]!r} is used twice")
        for site in self.sites:
            for sector in site.sectors:
                if sector not in sectors:
                    raise ValueError(f"sites.{site.name}.sectors: no sector {sector!r}; known: {', '.join(sectors)}")
        known = [kind.name for sector in sectors.values() for kind in sector.kinds]
        for kind in self.kinds:
            if kind not in known:
                raise ValueError(f"kinds.{kind}: no such kind; known: {', '.join(known)}")
        return self


@dataclass(frozen=True, kw_only=True)
class Town:
    """A town: its settings, and where its sectors' sites are.

    Attributes:
        sites: those of park.toml, and those that sectors listed by none bring along. A site that such a sector
            shares with others stands once, for all of them.
        unlisted: sectors that no site of park.toml lists.
        kinds: what the town changes, by the kind's name.
        devices: how many are observed where nobody says how many: those of park.toml, else two cells of every sector.
        lakes: on which nothing stands.
    """

    settings: TownSettings
    sites: tuple[Site, ...]
    unlisted: frozenset[str] = frozenset()
    kinds: Mapping[str, KindSettings]
    devices: int
    lakes: tuple[Lake, ...] = ()

    def sites_of(self, sector: Sector) -> tuple[Site, ...]:
        """The sites over which the sector's cells are dealt, in turn."""
        found = [site for site in self.sites if sector.name in site.sectors]
        if sector.name in self.unlisted and sector.sites:  # its own order, whatever sectors stand there besides
            found.sort(key=lambda site: sector.sites.index(site.name))
        return tuple(found)

    def interval_ms(self, kind: DeviceKind) -> int:
        """Time between two readings of the kind's devices."""
        settings = self.kinds.get(kind.name)
        seconds = settings.interval_s if settings and settings.interval_s else kind.interval_s
        return max(1, round(seconds * 1000))

    def weight(self, kind: DeviceKind) -> float:
        """The kind's share when a number of devices is spread over kinds."""
        settings = self.kinds.get(kind.name)
        return settings.weight if settings and settings.weight else float(kind.per_cell)


def parse_town(text: str, source: str, sectors: Mapping[str, Sector]) -> Town:
    """The town that a park.toml describes.

    Args:
        text: the file's.
        source: its name, for errors.
        sectors: those that there are, by name.

    Raises:
        TownError: with `source` and every offending key.
    """
    try:
        file = _File.model_validate(parse_toml(text), context={"sectors": sectors})
    except NotToml as error:
        raise TownError(f"{source}: not TOML: {error}") from error
    except ValidationError as error:
        lines = [f"  {_key(item['loc'])}{_said(item['msg'])}" for item in error.errors()]
        raise TownError(f"{source}: mistaken settings\n" + "\n".join(lines)) from error
    return Town(
        settings=file.town,
        sites=_all_sites(file, sectors),
        unlisted=frozenset(sectors) - {name for site in file.sites for name in site.sectors},
        kinds=file.kinds,
        lakes=file.lakes,
        devices=file.town.devices or _CELLS * sum(kind.per_cell for one in sectors.values() for kind in one.kinds),
    )


def default_town(sectors: Mapping[str, Sector]) -> Town:
    """The town of the package's own park.toml."""
    return parse_town(resources.files("park").joinpath("park.toml").read_text(encoding="utf-8"), "park.toml", sectors)


def _all_sites(file: _File, sectors: Mapping[str, Sector]) -> tuple[Site, ...]:
    sites = {site.name: site for site in file.sites}
    listed = {sector for site in file.sites for sector in site.sectors}
    for sector in sectors.values():
        for name in () if sector.name in listed else sector.sites or (f"{sector.name}-1",):
            known = sites.get(name)
            sites[name] = (
                Site(name=name, sectors=(sector.name,), latitude=file.town.latitude, longitude=file.town.longitude)
                if known is None
                else known.model_copy(update={"sectors": (*known.sectors, sector.name)})
            )
    return tuple(sites.values())


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) + ": " if location else ""


def _said(message: str) -> str:
    return {
        "Extra inputs are not permitted": "no such key",
        "Field required": "is missing",
    }.get(message, message.removeprefix("Value error, "))
