"""control.toml as it is written: validated key by key, nothing looked up yet."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from controller.errors import RulesError
from park.duration import whole_ms
from park.errors import NotToml
from park.toml import parse_toml

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _duration_ms(given: object) -> int:
    milliseconds = whole_ms(given) if isinstance(given, str) else None
    if milliseconds is None:
        raise ValueError("give a duration such as 500ms, 30s, 10m, 24h or 7d")
    return milliseconds


def _clock_ms(given: object) -> int:
    match = _CLOCK.fullmatch(given) if isinstance(given, str) else None
    if match is None:
        raise ValueError("give a time of the day such as 22:30")
    hours, minutes = map(int, match[0].split(":"))
    return (hours * 60 + minutes) * 60_000


Duration = Annotated[int, BeforeValidator(_duration_ms)]
Clock = Annotated[int, BeforeValidator(_clock_ms)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=48)]
Scalar = bool | int | float | str


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class WindowEntry(_Strict):
    """Times of the day, of the town's local time; `until` before `from` lies on the next day."""

    from_: Clock = Field(alias="from")
    until: Clock
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, strict=False)


class TriggerEntry(_Strict):
    """`[[rules.when]]`: what has to hold of a channel."""

    name: Name | None = None
    kind: str
    channel: str
    over: Literal["device", "cell", "site", "town"] = "device"
    of: Literal["mean", "min", "max", "sum"] = "mean"
    above: float | None = None
    below: float | None = None
    is_: Scalar | None = Field(default=None, alias="is")
    until: float | None = None
    for_: Duration = Field(default=0, alias="for")
    silent: Duration | None = None

    @model_validator(mode="after")
    def _one_bound(self) -> "TriggerEntry":
        if sum(bound is not None for bound in (self.above, self.below, self.is_)) > 1:
            raise ValueError("give one of above, below and is")
        if self.until is None:
            return self
        if self.above is None and self.below is None:
            raise ValueError("until belongs to above or below")
        if self.above is not None and self.until > self.above:
            raise ValueError(f"until {self.until:g} must not be over {self.above:g}, above which it begins")
        if self.below is not None and self.until < self.below:
            raise ValueError(f"until {self.until:g} must not be under {self.below:g}, below which it begins")
        return self


class AlongEntry(_Strict):
    """A parameter that follows a measured value: a straight line between two points, level beyond them, in steps."""

    along: str
    from_: tuple[float, float] = Field(alias="from", strict=False)
    to: tuple[float, float] = Field(strict=False)
    step: float = Field(gt=0)

    @model_validator(mode="after")
    def _two_points(self) -> "AlongEntry":
        if self.from_[0] >= self.from_[1]:
            raise ValueError("from: the first value must be the smaller one")
        return self


class WasEntry(_Strict):
    """A parameter of `release`: what the device itself measured on this channel before the rule took hold."""

    was: str


def _form(given: object) -> str:
    if isinstance(given, AlongEntry | WasEntry):
        return type(given).__name__
    if not isinstance(given, dict):
        return "Scalar"
    return "WasEntry" if "was" in given else "AlongEntry"


#: How pydantic names the forms of an argument in a location.
_FORMS = {"Scalar", "AlongEntry", "WasEntry"}
Argument = Annotated[
    Annotated[bool | int | float | str, Tag("Scalar")]
    | Annotated[AlongEntry, Tag("AlongEntry")]
    | Annotated[WasEntry, Tag("WasEntry")],
    Discriminator(_form),
]


class DeedEntry(_Strict):
    """What devices are told."""

    action: str
    args: dict[str, Argument] = Field(default_factory=dict)


class RuleEntry(_Strict):
    """`[[rules]]`."""

    name: Name
    title: str = ""
    kind: str
    sites: tuple[str, ...] | None = Field(default=None, min_length=1, strict=False)
    priority: int = Field(default=0, ge=-1000, le=1000)
    every: Duration | None = Field(default=None, gt=0)
    hold: Duration = 0
    again: Duration | None = Field(default=None, gt=0)
    expires: Duration = Field(default=60_000, gt=0)
    schedule: tuple[WindowEntry, ...] = Field(default=(), strict=False)
    when: tuple[TriggerEntry, ...] = Field(default=(), strict=False)
    act: DeedEntry
    release: DeedEntry | None = None


class ControlEntry(_Strict):
    """`[control]`."""

    tick: Duration = Field(default=10_000, ge=1000, le=3_600_000)
    lag: Duration = Field(default=2000, le=60_000)


class RulesFile(_Strict):
    """A whole control.toml."""

    control: ControlEntry = ControlEntry()
    rules: tuple[RuleEntry, ...] = Field(strict=False)

    @model_validator(mode="after")
    def _some(self) -> "RulesFile":
        if not self.rules:
            raise ValueError("rules: there is none")
        return self


def read_file(text: str, source: str) -> RulesFile:
    """The rules of a control.toml, as they are written.

    Raises:
        RulesError: with `source`, and every rule and key that is wrong.
    """
    try:
        raw = parse_toml(text)
    except NotToml as error:
        raise RulesError(f"{source}: not TOML: {error}") from None
    try:
        return RulesFile.model_validate(raw)
    except ValidationError as error:
        lines = dict.fromkeys(f"  {_key(item['loc'], raw)}: {_said(item['msg'])}" for item in error.errors())
        raise RulesError(f"{source}: mistaken rules\n" + "\n".join(lines)) from None


def _key(location: tuple[int | str, ...], raw: dict[str, Any]) -> str:
    """`rule NAME: when.1.channel`: a rule by its name where it has one, others of a list by their number from 1."""
    parts = [part for part in location if part not in _BRANCHES]
    if len(parts) < 2 or parts[0] != "rules" or not isinstance(parts[1], int):
        return ".".join(map(str, parts)) or "control.toml"
    rule = raw["rules"][parts[1]]
    name = rule.get("name") if isinstance(rule, dict) else None
    rest = ".".join(str(part + 1) if isinstance(part, int) else part for part in parts[2:])
    said = f"rule {name}" if isinstance(name, str) else f"rule {parts[1] + 1}"
    return f"{said}: {rest}" if rest else said


#: What pydantic puts into a location to say which form of a value it has tried.
_BRANCHES = _FORMS | {"bool", "int", "float", "str"}


def _said(message: str) -> str:
    return {
        "Extra inputs are not permitted": "no such key",
        "Field required": "is missing",
    }.get(message, message.removeprefix("Value error, "))
