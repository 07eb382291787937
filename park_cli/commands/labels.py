"""`park labels`."""

import contextlib
import enum
import heapq
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from park.model import DAY_MS
from park_cli.errors import UsageError
from park_cli.expand import expanded
from park_cli.options import PartOptions, WindowOptions
from park_cli.orders import OrdersOption, outcomes_of
from park_cli.output import progress_bar
from park_cli.sink import sink
from simulator.faults.delivery.labels import DeliveryLabel, delivery_labels
from simulator.faults.labels import Label
from simulator.faults.labels import labels as labels_of

AnyLabel = Label | DeliveryLabel

app = typer.Typer(name="labels", pretty_exceptions_enable=False)


class Form(enum.StrEnum):
    """How labels are written."""

    NDJSON = "ndjson"
    PARQUET = "parquet"


@app.command()
@expanded
def labels(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A file instead of standard output.")] = None,
    *,
    form: Annotated[Form, typer.Option("--format", help="Lines of JSON, or a table.")] = Form.NDJSON,
    asked: PartOptions,
    window: WindowOptions,
    orders: OrdersOption = None,
) -> None:
    """Write the truth about the faults of a window: a line of JSON for each, or a row, in order of onset.

    The selection, --faults among it, is that of the readings: the first observable moment of a fault is that of the
    first reading which differs from the clean one, so it depends on when devices report. What happens in the world
    (a jam, a bloom, a burst) is no fault: it is told as an event by `park generate`. A fault of delivery befalls a
    whole device, so its channel is null; the first reading that it befalls is its first observable moment.

    Examples:
      park labels --faults typical --start 2026-06-01T00:00:00+08:00 --until 2026-07-01T00:00:00+08:00 -o june.labels

      park labels --faults typical --start 2026-06-01T00:00:00Z --format parquet -o june.parquet

      park labels --faults my-faults.toml --sector energy --interval 1m | jq .fault

      park labels --faults typical,delivery | jq 'select(.channel == null)'
    """
    if asked.faults == "none":
        raise UsageError("--faults none: then nothing is wrong; give what the readings were made with")
    selection = asked.resolve()
    start_ms, until_ms = window.resolve(selection.town, default_ms=DAY_MS)
    with sink(output) as file, progress_bar(beside_output=output is None) as bar:
        task = bar.add_task("looking", total=until_ms - start_ms, note="ms of the window")
        of_sensors: Iterable[AnyLabel] = labels_of(
            selection,
            (start_ms, until_ms),
            outcomes=outcomes_of(orders, selection.town),
            on_progress=lambda done: bar.advance(task, done),
        )
        of_delivery: Iterable[AnyLabel] = delivery_labels(selection, (start_ms, until_ms))
        _WRITE[form](heapq.merge(of_sensors, of_delivery, key=lambda one: (one.start, one.id)), file)


def _write_lines(found: Iterable[AnyLabel], file: BinaryIO) -> None:
    file.writelines(json.dumps(label.as_dict()).encode() + b"\n" for label in found)


def _write_table(found: Iterable[AnyLabel], file: BinaryIO) -> None:
    # Only who wants one waits for its library.
    from simulator.dataset.parquet import Tables  # noqa: PLC0415
    from simulator.dataset.records import LABEL_TIMES, LABELS  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="park-labels-") as name:
        lines, path = Path(name) / "labels.ndjson", Path(name) / "labels.parquet"
        with lines.open("wb") as written:
            _write_lines(found, written)
        with contextlib.closing(Tables(Path(name))) as tables:
            tables.write_lines(path, lines, LABELS, LABEL_TIMES, '"start", "id"')
        with path.open("rb") as made:
            shutil.copyfileobj(made, file)


_WRITE = {Form.NDJSON: _write_lines, Form.PARQUET: _write_table}
