"""The file that names a pipeline: its parts, the links between them, what is published, and how faults follow."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from park.errors import NotToml
from park.toml import parse_toml
from park_cli.errors import UsageError
from park_cli.options import duration_ms

_HOST = r"[\w-]{1,63}(?:\.[\w-]{1,63})*|\[[0-9a-fA-F:]+\]"
_ADDRESS = re.compile(rf"({_HOST}):([0-9]{{1,5}})")
_URL = re.compile(rf"https?://({_HOST})(?::([0-9]{{1,5}}))?(?:[/?]\S*)?")


def _seconds(value: object) -> float:
    """A duration in text, as seconds."""
    try:
        return duration_ms(value if isinstance(value, str) else "", "") / 1000
    except UsageError:
        raise ValueError('give a duration such as "500ms", "5s" or "1m"') from None


def _address(value: object) -> object:
    """`host:port`."""
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match is None or not 0 < int(match[2]) < 65536:
        raise ValueError('give an address such as "127.0.0.1:1884"')
    return value


def _ready(value: object) -> object:
    if isinstance(value, str):
        address = _ADDRESS.fullmatch(value.removeprefix("tcp://")) if value.startswith("tcp://") else None
        match = address or _URL.fullmatch(value)
        if (value.startswith("log:") and value != "log:") or (match and 0 < int(match[2] or 80) < 65536):
            return value
    raise ValueError('give "tcp://host:port", an http URL that answers 200, or "log:" and a text of its output')


Seconds = Annotated[float, BeforeValidator(_seconds)]
Address = Annotated[str, BeforeValidator(_address)]
Ready = Annotated[str, BeforeValidator(_ready)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Argv = Annotated[tuple[str, ...], Field(min_length=1)]


#: Names that a file's own faults cannot have.
BUILT_IN = frozenset({"kill", "freeze", "full-disk", "cut", "stall", "slow"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LoadTable(_Strict):
    """`[load]`: what is published, and where it is looked for.

    Attributes:
        rate: messages a second.
        rewind: how much of what the broker acknowledged is published again after a reconnection.
        late: a reading that is not stored so long after it was due is late.
        wait: how long what was published may take to be stored, at the end.
    """

    broker: str
    store: str
    kinds: tuple[str, ...] = Field(default=("soil_probe",), min_length=1)
    rate: float = Field(default=500.0, ge=1, le=1_000_000)
    devices: int = Field(default=1000, ge=1)
    rewind: Seconds = 10.0
    late: Seconds = 10.0
    wait: Seconds = 60.0


class ScheduleTable(_Strict):
    """`[schedule]`: how faults follow one another.

    Attributes:
        lasting, rest: the least and the most, of a fault and of the time before it.
        settle: how long the load runs before the first.
        recovery: within which a part must be ready again.
    """

    faults: int = Field(default=30, ge=1, le=10_000)
    seed: int = Field(default=1, ge=0)
    lasting: tuple[Seconds, Seconds] = (2.0, 5.0)
    rest: tuple[Seconds, Seconds] = (3.0, 6.0)
    settle: Seconds = 10.0
    recovery: Seconds = 60.0

    @model_validator(mode="after")
    def _ordered(self) -> "ScheduleTable":
        for name in ("lasting", "rest"):
            least, most = getattr(self, name)
            if least > most:
                raise ValueError(f"{name}: the least comes first")
        return self


class PartTable(_Strict):
    """`[parts.NAME]`: a program that is started here, or a container that runs already.

    Attributes:
        environment: beside the file's own.
        ready: when it is up: an address that accepts, a URL that answers, or a text of its output.
        prepare: run once, when it is ready for the first time.
        disk: a small file system of its own, which may be filled.
        faults: which ones; all that it can be given if not said.
    """

    command: Argv | None = None
    container: str | None = None
    environment: Mapping[str, str] = Field(default_factory=dict)
    ready: Ready | None = None
    prepare: Argv | None = None
    disk: str | None = None
    faults: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _one(self) -> "PartTable":
        if (self.command is None) == (self.container is None):
            raise ValueError("give either command or container")
        if self.container is not None and (self.environment or self.disk):
            raise ValueError("environment and disk are for a command; a container has its own")
        if self.container is not None and self.ready is not None and self.ready.startswith("log:"):
            raise ValueError("ready: a container's output is not read; give an address or a URL")
        return self


class RelayTable(_Strict):
    """`[relays.NAME]`: a port that is carried to another, and can be cut, stalled and slowed.

    Attributes:
        slow: bytes a second each way of a connection, while it is slowed.
    """

    listen: Address
    to: Address
    slow: int = Field(default=20_000, ge=100)
    faults: tuple[str, ...] | None = None


class OwnTable(_Strict):
    """`[faults.NAME]`: a fault by commands of one's own, such as a slow disk or another clock."""

    part: str
    begin: Argv
    end: Argv


class Spec(_Strict):
    """A whole file.

    Attributes:
        title: what the report calls the pipeline.
        engine: the program that speaks to containers.
        environment: of all parts, and where the store's token is looked for first.
    """

    title: str = ""
    engine: str = "docker"
    load: LoadTable
    schedule: ScheduleTable = ScheduleTable()
    environment: Mapping[str, str] = Field(default_factory=dict)
    parts: Mapping[Name, PartTable] = Field(default_factory=dict)
    relays: Mapping[Name, RelayTable] = Field(default_factory=dict)
    faults: Mapping[Name, OwnTable] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> "Spec":
        if not self.parts and not self.relays:
            raise ValueError("parts: name at least one, or a relay")
        if twice := sorted(self.parts.keys() & self.relays.keys()):
            raise ValueError(f"relays.{twice[0]}: a part is called so")
        for name, own in self.faults.items():
            if name in BUILT_IN:
                raise ValueError(f"faults.{name}: there is a fault of that name already")
            if own.part not in self.parts:
                raise ValueError(f"faults.{name}.part: no part {own.part!r}; there are {', '.join(self.parts)}")
        return self


def read_spec(path: Path) -> Spec:
    """The pipeline that a file names.

    Raises:
        UsageError: it cannot be read, or a key of it is wrong; names the file and every such key.
    """
    try:
        return Spec.model_validate(parse_toml(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text") from None
    except NotToml as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    except ValidationError as error:
        said = "; ".join(_key(item["loc"]) + _said(item["msg"]) for item in error.errors())
        raise UsageError(f"{path}: {said}") from error


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) + ": " if location else ""


def _said(message: str) -> str:
    known = {"Extra inputs are not permitted": "no such key", "Field required": "is missing"}
    return known.get(message, message.removeprefix("Value error, "))
