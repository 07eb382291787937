"""What a store is: where rows go, and where `park verify` reads them again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from park.catalogue import Channel, DeviceKind
from park.codecs import Decoded
from park.topics import Telemetry

if TYPE_CHECKING:  # 12 MB that only a reader of stored rows needs
    import numpy as np
    import numpy.typing as npt

#: One row in the store's own form; only the store that rendered it looks inside.
Row: TypeAlias = Any
Render: TypeAlias = Callable[[Decoded], Row]


@dataclass(frozen=True, kw_only=True)
class Series:
    """Where rows of one source go: measurement, tags in their order, and the typed fields.

    Attributes:
        has_seq: whether rows carry `seq`, an integer, beside the fields.
    """

    measurement: str
    tags: tuple[tuple[str, str], ...]
    fields: tuple[Channel, ...]
    has_seq: bool


def device_series(kind: DeviceKind, source: Telemetry) -> Series:
    """The series of one device's readings."""
    return Series(
        measurement=kind.name,
        tags=(("device", source.device), ("sector", source.sector), ("site", source.site)),
        fields=kind.channels,
        has_seq=True,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Chunk:
    """N stored rows of one kind, as columns.

    Attributes:
        device: (N,) names of devices, as objects.
        site: (N,) names of sites, as objects.
        ts: (N,) Unix milliseconds.
        seq: (N,) slots, -1 where the row has none.
        values: channel to (N,) float64, int64, bool or str objects; meaningless where not present.
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

    def scan(self, kind: DeviceKind, start_ms: int, until_ms: int) -> Iterator[Chunk]:
        """Every stored row of the kind with start_ms <= ts < until_ms, in chunks of bounded size.

        Raises:
            StoreError: the store did not answer.
        """

    async def close(self) -> None:
        """Release connections; nothing may be written afterwards."""
