"""What the detectors share: the series of a dataset's folder, and detections as `park score` reads them."""

import json
from pathlib import Path

import duckdb
import numpy as np


def series(folder, past=None):
    """Each gauge of each device: its name, the channel as in the catalogue, times (ms), values (NaN: not told), past.

    The past, times and values, is what a detector learns from: that of the same device in another folder, or, without
    such a folder and for a device that is not in it, these very readings.
    """
    known = {} if past is None else {(device, about["name"]): (ms, x) for device, about, ms, x in _read(past)}
    for device, about, ms, x in _read(folder):
        yield device, about, ms, x, known.get((device, about["name"]), (ms, x))


def _read(folder):
    catalogue = json.loads((Path(folder) / "catalogue.json").read_text(encoding="utf-8"))
    for kind, about in catalogue.items():
        channels = about["channels"]
        gauges = [n for n, c in channels.items() if c["behaviour"] == "gauge" and c["type"] in ("float", "int")]
        chosen = ", ".join(f'"{name}"::DOUBLE AS "{name}"' for name in gauges)
        file = Path(folder) / "readings" / f"{kind}.parquet"
        if not gauges or not file.exists():
            continue
        query = f"SELECT device, epoch_ms(ts) AS ms, {chosen} FROM '{file}' ORDER BY device, ms"  # noqa: S608
        told = duckdb.sql(query).fetchnumpy()
        device = told["device"]
        for rows in np.split(np.arange(len(device)), np.flatnonzero(device[1:] != device[:-1]) + 1):
            for name in gauges:
                x = np.ma.filled(told[name][rows], np.nan)
                yield device[rows[0]], {"name": name, **channels[name]}, told["ms"][rows], x


def gap(ms, x):
    """Where a channel is not told, unless gaps are usual: more than one in five days."""
    absent = np.isnan(x)
    begun = np.count_nonzero(np.diff(absent.astype(int), prepend=0) == 1)
    return absent & (begun <= max(2, 0.2 * (ms[-1] - ms[0]) / 86_400_000))


def tell(device, channel, ms, marked):
    """Prints a detection for each run of marked readings; it lasts until the next reading."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    until = np.append(ms[1:], ms[-1] + 1)
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        span = {"start": int(ms[first]), "end": int(until[last - 1])}
        print(json.dumps({"device": str(device), "channel": channel["name"], **span}))
