"""The tables of docs/datasets.md: the detectors of docs/examples on one dataset, by class.

park dataset FOLDER --faults typical ...; python -m bench.detectors FOLDER [--past ANOTHER]
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

DETECTORS = ("threshold", "qartod", "forest")
_EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
_PARK = Path(sys.executable).with_name("park")


def score_of(folder: Path, past: Path | None, detector: str, device_days: float) -> dict[str, Any]:
    """What `park score` says of a detector on a dataset, which has learnt from that one's past if there is one."""
    with tempfile.TemporaryDirectory() as scratch:
        found, folders = Path(scratch) / "found.ndjson", [] if past is None else [past]
        with found.open("w", encoding="utf-8") as file:
            subprocess.run([sys.executable, _EXAMPLES / f"{detector}.py", folder, *folders], stdout=file, check=True)
        command = [str(_PARK), "score", "--labels", str(folder / "labels.ndjson"), "--detections", str(found)]
        command += ["--device-days", str(device_days), "--json"]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return dict(json.loads(told))


def device_days(folder: Path) -> float:
    """How many devices, times how many days."""
    devices, days = duckdb.execute(
        "SELECT count(DISTINCT device), epoch(max(ts) - min(ts)) / 86400 FROM read_parquet(?)",
        [str(folder / "readings" / "*.parquet")],
    ).fetchall()[0]
    return float(devices * days)


def main(
    folder: Annotated[Path, typer.Argument(help="What `park dataset` has written.")],
    past: Annotated[Path | None, typer.Option(help="Another such folder, to learn from what is usual.")] = None,
) -> None:
    """Print the table."""
    days = device_days(folder)
    scores = {name: score_of(folder, past, name, days) for name in DETECTORS}
    print(f"| | labels | {' | '.join(scores)} |")
    print("| --- " * (len(scores) + 2) + "|")
    any_score = scores[DETECTORS[0]]
    for fault, quality in any_score["by_fault"].items():
        cells = " | ".join(f"{score['by_fault'][fault]['recall']:.2f}" for score in scores.values())
        print(f"| recall of `{fault}` | {quality['labels']} | {cells} |")
    overall: dict[str, Callable[[dict[str, Any]], float]] = {
        "recall": lambda score: score["overall"]["recall"],
        "precision": lambda score: score["precision"],
        "false alarms a device and day": lambda score: score["false_a_day"],
        "delay, median, min": lambda score: (score["overall"]["delay_s"] or [float("nan")])[0] / 60,
        "range-based F1": lambda score: score["range_f1"],
    }
    for title, figure in overall.items():
        cells = " | ".join(f"{figure(score):.2f}" for score in scores.values())
        print(f"| {title} | {any_score['overall']['labels']} | {cells} |")


if __name__ == "__main__":
    typer.run(main)
