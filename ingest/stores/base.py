"""What a store is: where rows go, and where `park verify` reads them again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from park.catalogue import Channel, DeviceKind, ValueType
from park.reading import Timed
from park.topics import DeviceTopic

if TYPE_CHECKING:  # 12 MB that only a reader of stored rows needs
    import numpy as np
    import numpy.typing as npt

#: One row in the store's own form; only the store that rendered it looks inside.
Row: TypeAlias = Any
Render: TypeAlias = Callable[[Timed], Row]


class StoreUrl(Protocol):
    """Where a store is; a frozen value that worker processes can be given, and whose text holds no secret."""

    @property
    def scheme(self) -> str:
        """Finds the store's folder."""

    @property
    def shareable(self) -> bool:
        """Whether several processes may write to the store at once."""

    @property
    def file(self) -> Path | None:
        """The file that it is; None for a server."""


class Measurement(Protocol):
    """What is stored under one name: a `DeviceKind`, or a log of events."""

    @property
    def name(self) -> str:
        """The name."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags: device, sector, site, and further ones."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The fields, `seq` not among them."""

    @property
    def has_seq(self) -> bool:
        """Whether rows carry `seq`."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Where rows of one source go: measurement, tags in their order, and the typed fields. Tags and time name a row.

    Attributes:
        has_seq: whether rows carry `seq`, an integer, beside the fields.
        rewritten: whether rows are as a rule there already, with other values.
    """

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[Channel, ...]
    has_seq: bool
    rewritten: bool = False


def device_series(kind: DeviceKind, source: DeviceTopic) -> Series:
    """The series of one device's readings."""
    return Series(
        measurement=kind.name,
        tags=(("device", source.device), ("sector", source.sector), ("site", source.site)),
        fields=kind.channels,
        has_seq=True,
    )


def columns_of(measurement: Measurement) -> list[tuple[str, ValueType]]:
    """The values of a stored row, beside its device, site, time and `seq`: further tags, then channels."""
    further = [(tag, ValueType.TEXT) for tag in measurement.tags[3:]]
    return further + [(channel.name, channel.type) for channel in measurement.channels]


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """N stored rows of one measurement, as columns.

    Attributes:
        device: (N,) names of devices, as objects.
        site: (N,) names of sites, as objects.
        ts: (N,) Unix milliseconds.
        seq: (N,) slots, -1 where the row has none.
        values: channel or further tag to (N,) float64, int64, bool or str objects; meaningless where not present.
        present: channel to (N,) mask.
    """

    device: "npt.NDArray[np.object_]"
    site: "npt.NDArray[np.object_]"
    ts: "npt.NDArray[np.int64]"
    seq: "npt.NDArray[np.int64]"
    values: "Mapping[str, npt.NDArray[Any]]"
    present: "Mapping[str, npt.NDArray[np.bool_]]"

    def __len__(self) -> int:
        return len(self.ts)


class Store(Protocol):
    """Takes rows such that writing twice changes nothing."""

    def render(self, series: Series) -> Render:
        """A function from a decoded payload of the series to a row."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Store the rows durably; returns once the store has accepted them.

        Raises:
            StoreError: as `ingest.errors` tells; after any of them all rows may be written again.
        """

    def scan(self, measurement: Measurement, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the measurement with start_ms <= ts < until_ms, in chunks of bounded size.

        Raises:
            StoreError: the store did not answer.
        """

    async def close(self) -> None:
        """Release connections; nothing may be written afterwards."""
