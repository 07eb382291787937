"""Which faults a town has, as a file says it: `--faults typical`, or a TOML file of one's own."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from park.catalogue import Behaviour, Channel, DeviceKind, ValueType
from park.errors import NotToml
from park.toml import parse_toml
from sectors import KINDS
from simulator.errors import FaultsError
from simulator.faults.classes import CLASSES
from simulator.faults.delivery.rules import DeliveryRule

WEEK_MS = 7 * 86_400_000
MOST_WEEKS = 8
_HOUR_MS = 3_600_000

_Positive = Annotated[float, Field(gt=0)]
_Range = tuple[float, float]


class Together(StrEnum):
    """Which devices have a fault at the same time."""

    DEVICE = "device"
    BATCH = "batch"
    SITE = "site"


class Rule(BaseModel):
    """One `[faults.NAME]`: how often which devices have what.

    Attributes:
        class_: one of `CLASSES`.
        kinds, channels: that it may befall; empty for any kind, and any channel with which its class can do something.
        per_year: how many a device has in a year, in the mean.
        hours: the shortest and the longest, between which their logarithm is uniform; at most eight weeks.
        severity: the least and the greatest, in the channel's local sigma, likewise.
        amount: instead of a severity, the least and the greatest in the channel's unit, sign and all.
        onset_hours: how long it takes to be whole, and to be gone again, where its class grows and shrinks.
        together: whether a device has it alone, or with ten of one batch, or with all of its kind at the site.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, allow_inf_nan=False)

    class_: str = Field(alias="class")
    kinds: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    per_year: Annotated[float, Field(gt=0, le=52)]
    hours: tuple[_Positive, _Positive]
    severity: tuple[_Positive, _Positive] | None = None
    amount: _Range | None = None
    onset_hours: Annotated[float, Field(ge=0)] = 0.0
    together: Together = Together.DEVICE

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.class_ not in CLASSES:
            raise ValueError(f"class {self.class_!r}: choose from {', '.join(CLASSES)}")
        for name, pair in (("hours", self.hours), ("severity", self.severity), ("amount", self.amount)):
            if pair is not None and pair[0] > pair[1]:
                raise ValueError(f"{name}: {pair[0]} is above {pair[1]}")
        if self.hours[1] * _HOUR_MS > MOST_WEEKS * WEEK_MS:
            raise ValueError(f"hours: {self.hours[1]:g} is longer than {MOST_WEEKS} weeks")
        self._check_size()
        self._check_names()
        return self

    def _check_size(self) -> None:
        class_ = CLASSES[self.class_]
        if class_.absolute and (self.amount is None or self.severity is not None):
            raise ValueError(f"class {self.class_!r} needs amount, and no severity")
        if class_.sigma is not None and (self.severity is None) == (self.amount is None):
            raise ValueError(f"class {self.class_!r} needs either severity or amount")
        if class_.sigma is None and not class_.absolute and (self.severity or self.amount):
            raise ValueError(f"class {self.class_!r} has no severity")

    def _check_names(self) -> None:
        for name in self.kinds:
            if name not in KINDS:
                raise ValueError(f"kind {name!r}: not known")
        for name in self.channels:
            among = [KINDS[kind] for kind in self.kinds] or list(KINDS.values())
            if not any(name in kind.channel and befalls(kind.channel[name]) for kind in among):
                raise ValueError(f"channel {name!r}: no gauge of the kinds {', '.join(self.kinds) or 'that there are'}")

    def channels_of(self, kind: DeviceKind) -> tuple[Channel, ...]:
        """The channels of a kind that it may befall."""
        if self.kinds and kind.name not in self.kinds:
            return ()
        return tuple(one for one in kind.channels if befalls(one) and (not self.channels or one.name in self.channels))

    @property
    def hours_ms(self) -> tuple[float, float]:
        """The shortest and the longest, milliseconds."""
        return self.hours[0] * _HOUR_MS, self.hours[1] * _HOUR_MS

    @property
    def onset_ms(self) -> float:
        """How long it takes to be whole, milliseconds."""
        return self.onset_hours * _HOUR_MS


class Rules(BaseModel):
    """All of a file, or of several.

    Attributes:
        faults: of sensors.
        delivery: of what carries their readings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    faults: Mapping[str, Rule] = {}
    delivery: Mapping[str, DeliveryRule] = {}

    @model_validator(mode="after")
    def _names(self) -> Self:
        for name in (*self.faults, *self.delivery):
            if not (name.isascii() and name.replace("-", "").isalnum()) or len(name) > 24 or name != name.lower():
                raise ValueError(f"fault {name!r}: a name is of at most 24 lower-case letters, digits and dashes")
        if both := self.faults.keys() & self.delivery.keys():
            raise ValueError(f"{min(both)!r}: both a sensor's fault and one of delivery; a name is given once")
        return self


def befalls(channel: Channel) -> bool:
    """Whether a sensor's fault can show in a channel: a gauge that is a number.

    Registers count and states say; what befalls these has other names.
    """
    return channel.behaviour is Behaviour.GAUGE and channel.type in (ValueType.FLOAT, ValueType.INT)


def read_rules(name: str) -> Rules | None:
    """The faults of `--faults`: `none`, or `typical`, `delivery` and files, several with commas between.

    Raises:
        FaultsError: a file cannot be read, or names what is not there; or two have a rule of one name.
    """
    if name == "none":
        return None
    found = [(one, BUILT_IN[one]() if one in BUILT_IN else _read(one)) for one in name.split(",")]
    if len(found) == 1:
        return found[0][1]
    faults: dict[str, Rule] = {}
    delivery: dict[str, DeliveryRule] = {}
    for where, rules in found:
        if again := (rules.faults.keys() | rules.delivery.keys()) & (faults.keys() | delivery.keys()):
            raise FaultsError(f"--faults {name}: {where}: the rule {min(again)!r} is named a second time")
        faults |= rules.faults
        delivery |= rules.delivery
    return Rules(faults=faults, delivery=delivery)


def _read(name: str) -> Rules:
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FaultsError(f"--faults {name}: {reason}; give none, {', '.join(BUILT_IN)} or a file") from error
    return _parsed(text, name)


@cache
def _typical() -> Rules:
    """What befalls any device, and what each sector's own folder says of its kinds."""
    found = [files("simulator.faults").joinpath("typical.toml")]
    folders = sorted(files("sectors").iterdir(), key=lambda folder: folder.name)
    found += [file for folder in folders if (file := folder.joinpath("faults.toml")).is_file()]
    rules: dict[str, Rule] = {}
    for file in found:
        rules.update(_parsed(file.read_text(encoding="utf-8"), str(file)).faults)
    return Rules(faults=rules)


@cache
def _delivery() -> Rules:
    """What goes wrong on the way in a town of ordinary networks."""
    file = files("simulator.faults.delivery").joinpath("delivery.toml")
    return _parsed(file.read_text(encoding="utf-8"), str(file))


#: What needs no file.
BUILT_IN: Mapping[str, Callable[[], Rules]] = {"typical": _typical, "delivery": _delivery}


def _parsed(text: str, where: str) -> Rules:
    try:
        rules = Rules.model_validate(parse_toml(text))
    except NotToml as error:
        raise FaultsError(f"{where}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise FaultsError(
            f"{where}: {place + ': ' if place else ''}{first['msg'].removeprefix('Value error, ')}"
        ) from error
    if not rules.faults and not rules.delivery:
        raise FaultsError(f"{where}: neither a [faults.NAME] nor a [delivery.NAME] in it")
    return rules
