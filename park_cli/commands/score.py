"""`park score`."""

from pathlib import Path
from typing import Annotated

import typer

from park_cli.options import Json
from park_cli.scoring import Given, print_score

app = typer.Typer(name="score", pretty_exceptions_enable=False)


@app.command()
def score(
    labels: Annotated[Path, typer.Option(help="What `park labels` has written.")],
    detections: Annotated[Path, typer.Option(help="What the detector says: a line of JSON for each.")],
    device_days: Annotated[
        float | None,
        typer.Option(help="Devices times days that were looked at.", show_default="the labels' devices, their span"),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Hold a detector's findings against the labels.

    A detection is {"device": ..., "start": ..., "end": ...}, or "ts" in place of both for a single reading, in Unix
    milliseconds or ISO 8601; with "channel" it is about that channel alone. Those that touch count as one. A label is
    found by a detection between its first observable moment and its end; a detection that meets no label is false.

    Examples:
      park score --labels june.labels --detections mine.ndjson --device-days 9000

      park score --labels june.labels --detections mine.ndjson --json | jq .by_fault
    """
    print_score(
        Given(path=labels, option="--labels"),
        Given(path=detections, option="--detections"),
        device_days,
        as_json=json,
    )
