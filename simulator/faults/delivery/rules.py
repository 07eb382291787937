"""Which delivery faults a town has, as a table `[delivery.NAME]` of a file says it."""

from enum import StrEnum
from math import ceil
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from park.catalogue import DeviceKind
from park.model import DAY_MS
from sectors import KINDS
from simulator.faults.delivery.classes import CLASSES, DeliveryClass

_HOUR_MS = 3_600_000
WEEK_MS = 7 * DAY_MS
_SIZES = ("minutes", "places", "seconds", "seconds_per_day")

_Positive = Annotated[float, Field(gt=0)]
_Range = tuple[float, float]


class Together(StrEnum):
    """Which devices have a fault at the same time."""

    DEVICE = "device"
    SITE = "site"


class DeliveryRule(BaseModel):
    """One `[delivery.NAME]`: how often which devices have what.

    Attributes:
        class_: one of `CLASSES`.
        kinds, sites: that it may befall; empty for any.
        per_year: how many a device, or a site, has in a year, in the mean.
        hours: the shortest and the longest, between which their logarithm is uniform.
        share: of the readings that it befalls while it lasts.
        minutes: the shortest and the longest delay of a reading.
        places: by how many readings of the device it is overtaken, the least and the most.
        seconds: by how much a clock is wrong, the least and the greatest, sign and all.
        seconds_per_day: how fast it goes wrong, likewise.
        together: whether a device has it alone, or a site's gateway and so all devices of the site.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    class_: str = Field(alias="class")
    kinds: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    per_year: Annotated[float, Field(gt=0, le=52)]
    hours: tuple[_Positive, _Positive]
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    minutes: tuple[_Positive, _Positive] | None = None
    places: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    seconds: _Range | None = None
    seconds_per_day: _Range | None = None
    together: Together = Together.DEVICE

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.class_ not in CLASSES:
            raise ValueError(f"class {self.class_!r}: choose from {', '.join(CLASSES)}")
        for name in ("hours", *_SIZES):
            pair = getattr(self, name)
            if pair is not None and pair[0] > pair[1]:
                raise ValueError(f"{name}: {pair[0]} is above {pair[1]}")
        if self.hours[1] > self.what.hours:
            raise ValueError(f"hours: {self.hours[1]:g} is longer than the {self.what.hours:g} of {self.class_!r}")
        if "share" in self.model_fields_set and not self.what.share:
            raise ValueError(f"share: class {self.class_!r} befalls every reading while it lasts")
        self._check_sizes()
        for name in self.kinds:
            if name not in KINDS:
                raise ValueError(f"kinds: {name!r} is not known")
        return self

    def _check_sizes(self) -> None:
        key = self.what.key
        for name in _SIZES:
            if name != key and getattr(self, name) is not None:
                raise ValueError(f"{name}: class {self.class_!r} has none")
        if key is None or (getattr(self, key) is None and self.what.optional):
            return
        pair = getattr(self, key)
        if pair is None:
            raise ValueError(f"{key}: class {self.class_!r} needs it")
        if max(map(abs, pair)) > self.what.most:
            raise ValueError(f"{key}: {pair} goes beyond {self.what.most:g}")

    @property
    def what(self) -> DeliveryClass:
        """Its class."""
        return CLASSES[self.class_]

    @property
    def span(self) -> tuple[float, float]:
        """The range that its class's key gives, zeros where it has none."""
        pair: tuple[float, float] | None = None if self.what.key is None else getattr(self, self.what.key)
        return (0.0, 0.0) if pair is None else pair

    @property
    def hours_ms(self) -> tuple[float, float]:
        """The shortest and the longest, milliseconds."""
        return self.hours[0] * _HOUR_MS, self.hours[1] * _HOUR_MS

    def befalls(self, kind: DeviceKind) -> bool:
        """Whether devices of a kind may have it."""
        return not self.kinds or kind.name in self.kinds

    def delay_ms(self, interval_ms: int) -> int:
        """The longest time from when a reading is taken to when it is delivered, the second time included."""
        return ceil(self.what.delay(self.span, interval_ms, self.hours_ms[1]))

    def clock_ms(self, interval_ms: int) -> int:
        """By how much a time that is told can be wrong, at most."""
        return ceil(self.what.wrong(self.span, interval_ms, self.hours_ms[1]))

    def reach_ms(self, interval_ms: int) -> int:
        """How far beyond its onset and end other faults of the device keep away, so that none confuses the other."""
        return max(self.delay_ms(interval_ms) if self.what.outlasts else 0, self.clock_ms(interval_ms))
