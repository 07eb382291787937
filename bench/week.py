"""A week of the park in one figure: cloud, sun, rain, roofs, load, soil, greenhouses and traffic move together."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, DayLocator
from matplotlib.figure import Figure

from park.model import DAY_MS
from park.town import default_town
from sectors import SECTORS
from simulator.observed import Readings, readings_of
from simulator.plan import Selection

Values = npt.NDArray[np.float64]
HALF_HOUR_MS = 1_800_000
#: Days since the commissioning: Monday 20 July 2026. Bright days around a storm, then a weekend.
FIRST_DAY = 200
#: The file.
WEEK = "week.png"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One quantity: half-hourly over all devices of a kind."""

    kind: str
    channel: str
    label: str
    color: str


STRIPS: tuple[tuple[str, tuple[Line, ...]], ...] = (
    (
        "sun, W/m²",
        (Line(kind="weather_station", channel="solar_radiation", label="solar radiation", color="goldenrod"),),
    ),
    ("rain, mm/h", (Line(kind="weather_station", channel="precipitation", label="rain", color="steelblue"),)),
    ("air, °C", (Line(kind="weather_station", channel="temperature", label="air", color="indianred"),)),
    (
        "kW",
        (
            Line(kind="site_meter", channel="photovoltaic_power", label="photovoltaics", color="goldenrod"),
            Line(kind="site_meter", channel="consumption_power", label="consumption", color="slategray"),
            Line(kind="site_meter", channel="active_power", label="from the grid", color="rebeccapurple"),
        ),
    ),
    ("soil, m³/m³", (Line(kind="soil_probe", channel="soil_moisture", label="soil moisture", color="saddlebrown"),)),
    ("greenhouse, °C", (Line(kind="greenhouse", channel="temperature", label="greenhouse", color="seagreen"),)),
    ("veh/h", (Line(kind="traffic_detector", channel="intensity", label="flow", color="teal"),)),
    ("km/h", (Line(kind="traffic_detector", channel="average_vehicle_speed", label="speed", color="teal"),)),
)


def half_hours(readings: Readings, line: Line, start: int, until: int) -> Values:
    """The mean of each half hour, over devices and readings."""
    bins: list[Values] = [np.zeros((until - start) // HALF_HOUR_MS) for _ in range(2)]
    for first in range(start, until, DAY_MS):
        for columns in readings.columns(first, min(first + DAY_MS, until)):
            if columns.kind.name == line.kind:
                channel = columns.kind.channel[line.channel]
                mask = columns.present.get(line.channel, np.ones(len(columns), dtype=np.bool_))
                at = (columns.ts[mask] - start) // HALF_HOUR_MS
                bins[0] += np.bincount(at, columns.floats(channel)[mask], len(bins[0]))
                bins[1] += np.bincount(at, minlength=len(bins[1]))
    return np.asarray(bins[0] / np.maximum(bins[1], 1))


def draw_week(out: Path) -> None:
    """Draws the default town's week."""
    town = default_town(SECTORS)
    start = town.settings.commissioned_ms + FIRST_DAY * DAY_MS
    until = start + 7 * DAY_MS
    local = np.arange(start, until, HALF_HOUR_MS) + town.settings.utc_offset_ms
    times = local.astype("datetime64[ms]")
    sheet = Figure(figsize=(12, 11))
    axes: npt.NDArray[Any] = sheet.subplots(len(STRIPS), 1, sharex=True)
    for axis, (unit, lines) in zip(axes, STRIPS, strict=True):
        kinds = tuple({line.kind for line in lines})
        selection = Selection(town=town, seed=town.settings.seed, devices=24, kinds=kinds, interval_ms=300_000)
        readings = readings_of(selection)
        for line in lines:
            axis.plot(
                times, half_hours(readings, line, start, until), color=line.color, label=line.label, linewidth=1.3
            )
        _dress(axis, unit)
    axes[0].set_title("A week of the park: one sky over fields, roofs and roads")
    sheet.tight_layout()
    sheet.savefig(out / WEEK, dpi=90)


def _dress(axis: Axes, unit: str) -> None:
    axis.set_ylabel(unit, fontsize="small")
    axis.xaxis.set_major_locator(DayLocator())  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_formatter(DateFormatter("%a %d %b"))  # type: ignore[no-untyped-call]
    axis.grid(visible=True, alpha=0.25)
    axis.margins(x=0)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="x-small", frameon=False)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
