"""A folder of readings as Parquet, with labels, clean twins, what happened, and a datasheet.

One pass over the readings; memory does not grow with the window. Every byte follows from the selection, the window, the
commands and DuckDB's version.
"""

import hashlib
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from simulator.commands.outcomes import Outcomes
from simulator.dataset import records
from simulator.dataset.datasheet import Contents, datasheet
from simulator.dataset.parquet import Tables
from simulator.dataset.sheets import clean_rows, described, selecting, whole_numbers
from simulator.faults.faulty import Faulty
from simulator.faults.labels import labels
from simulator.faults.rules import Rules
from simulator.observed import Readings, readings_of
from simulator.plan import Selection

SUMS = "SHA256SUMS"
_CHUNK = 2**20

#: Told what is being done, how far it is, and of how much.
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Written:
    """What a folder holds.

    Attributes:
        twin: rows of clean twins.
        bytes: of all files together.
        sha256: of the file of all files' digests, and so of everything.
    """

    readings: int
    kinds: int
    devices: int
    labels: int
    twin: int
    events: int
    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class DatasetOptions:
    """What to write.

    Attributes:
        window: [start, until), Unix milliseconds.
        command: the line that makes the same again, for the datasheet.
        files: what it needs beside, as they are, by name: the town's settings, rules of faults.
        twin: whether clean values are written beside those that faults changed.
        rows: how many readings are made at once; None for as many as cost least.
    """

    selection: Selection
    window: tuple[int, int]
    command: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    twin: bool = True
    rows: int | None = None


def write_dataset(
    options: DatasetOptions,
    folder: Path,
    outcomes: Outcomes,
    on_progress: OnProgress = lambda *_: None,
) -> Written:
    """Fills an empty folder.

    Args:
        options: what to write.
        folder: which is there.
        outcomes: of the commands that the readings follow.
        on_progress: called often.
    """
    work = folder / "work"
    work.mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, work, ignore_errors=True)
        tables = Tables(work)
        stack.callback(tables.close)
        writer = _Writer(options, folder, outcomes, tables, on_progress)
        contents = writer.write()
    (folder / "README.md").write_text(datasheet(contents), encoding="utf-8")
    return _sealed(folder, contents)


class _Writer:
    """Fills a folder with all but its datasheet and digests."""

    def __init__(
        self, options: DatasetOptions, folder: Path, outcomes: Outcomes, tables: Tables, on_progress: OnProgress
    ) -> None:
        self._options, self._folder, self._outcomes = options, folder, outcomes
        self._selection = _of_sensors(options.selection)
        self._tables, self._on_progress = tables, on_progress
        self._events: Counter[str] = Counter()

    def write(self) -> Contents:
        """Everything, in the order in which it is made."""
        self._on_progress("placing the devices", 0, 1)
        readings = readings_of(self._selection, self._outcomes)
        self._gather(readings)
        self._export(readings)
        self._lines("devices", records.DEVICES, (), "kind, device")
        self._lines("events", records.EVENTS, ("ts",), "ts, kind, device, type, phase, id")
        found = self._label()
        self._keep(readings)
        groups = readings.plan.groups
        return Contents(
            plan=readings.plan,
            window=self._options.window,
            command=self._options.command,
            files=tuple(self._options.files),
            readings={group.kind.name: self._tables.rows(f"readings/{group.kind.name}") for group in groups},
            twin={group.kind.name: self._tables.rows(f"twin/{group.kind.name}") for group in groups},
            has_twin=self._options.twin and self._selection.faults is not None,
            events=self._events,
            labels=found,
            commands=len(self._outcomes),
        )

    def _gather(self, readings: Readings) -> None:
        """Readings, clean twins and what happened, into tables and lines on disk."""
        start_ms, until_ms = self._options.window
        total, done = readings.count(start_ms, until_ms), 0
        with self._work("devices").open("wb") as file:
            file.writelines(map(records.line, records.devices(readings.plan)))
        with self._work("events").open("wb") as file:
            for first, last in readings.windows(start_ms, until_ms, self._options.rows):
                done += self._take(readings, first, last)
                self._tell(readings, first, last, file)
                self._on_progress("generating", done, total)

    def _take(self, readings: Readings, first_ms: int, last_ms: int) -> int:
        """The readings of a window; how many they are."""
        traced = (
            readings.traced(first_ms, last_ms)
            if isinstance(readings, Faulty)
            else [(columns, []) for columns in readings.columns(first_ms, last_ms)]
        )
        for columns, traces in traced:
            name = columns.kind.name
            self._tables.add(f"readings/{name}", whole_numbers(columns))
            clean = clean_rows(columns, traces) if self._options.twin else None
            if clean is not None:
                self._tables.add(f"twin/{name}", whole_numbers(clean))
        return sum(len(columns) for columns, _ in traced)

    def _tell(self, readings: Readings, first_ms: int, last_ms: int, file: BinaryIO) -> None:
        for told in readings.events.told(first_ms, last_ms):
            for event in records.happenings(readings.plan, told):
                file.write(records.line(event))
                self._events[event["type"]] += 1

    def _export(self, readings: Readings) -> None:
        """Tables as files."""
        plan = readings.plan
        some = [
            (part, group)
            for part in ("readings", "twin")
            for group in plan.groups
            if self._tables.rows(f"{part}/{group.kind.name}")
        ]
        for done, (part, group) in enumerate(some):
            self._on_progress("writing", done, len(some))
            table = f"{part}/{group.kind.name}"
            path = self._folder / f"{table}.parquet"
            path.parent.mkdir(exist_ok=True)
            self._tables.write(path, selecting(plan, group, table), described(plan, group), of=table)
        self._on_progress("writing", len(some), len(some))

    def _label(self) -> Counter[str]:
        """The labels, as lines and as a table; how many of each class."""
        start_ms, until_ms = self._options.window
        found: Counter[str] = Counter()
        path, done = self._folder / "labels.ndjson", 0

        def show(more: int) -> None:
            nonlocal done
            done += more
            self._on_progress("labelling", done, until_ms - start_ms)

        with path.open("wb") as file:
            if self._selection.faults is not None:
                for label in labels(self._selection, self._options.window, outcomes=self._outcomes, on_progress=show):
                    file.write(records.line(label.as_dict()))
                    found[label.fault] += 1
        self._tables.write_lines(
            path.with_suffix(".parquet"), path, records.LABELS, records.LABEL_TIMES, '"start", "id"'
        )
        return found

    def _keep(self, readings: Readings) -> None:
        """The catalogue, and what is needed to make the same again."""
        (self._folder / "catalogue.json").write_text(records.catalogue(readings.plan), encoding="utf-8")
        for name, content in self._options.files.items():
            (self._folder / name).write_bytes(content)
        if len(self._outcomes):
            (self._folder / "commands.ndjson").write_bytes(b"".join(one.line for one in self._outcomes.records))

    def _lines(self, name: str, types: Mapping[str, str], times: tuple[str, ...], order: str) -> None:
        self._tables.write_lines(self._folder / f"{name}.parquet", self._work(name), types, times, order)

    def _work(self, name: str) -> Path:
        return self._folder / "work" / f"{name}.ndjson"


def _of_sensors(selection: Selection) -> Selection:
    """The selection, with nothing but sensors' faults: a file has each reading once, in order."""
    rules = selection.faults
    return replace(selection, faults=None if rules is None or not rules.faults else Rules(faults=rules.faults))


def _sealed(folder: Path, contents: Contents) -> Written:
    """Writes the digest of every file, in the form that `sha256sum --check` reads."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    lines = [f"{_digest(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    sums = folder / SUMS
    sums.write_text("".join(lines), encoding="utf-8")
    return Written(
        readings=sum(contents.readings.values()),
        kinds=len(contents.plan.groups),
        devices=len(contents.plan),
        labels=sum(contents.labels.values()),
        twin=sum(contents.twin.values()),
        events=sum(contents.events.values()),
        bytes=sum(path.stat().st_size for path in (*files, sums)),
        sha256=_digest(sums),
    )


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
