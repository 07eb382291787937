# ruff: noqa: S608  (names come from our own code)
"""A source that asks an InfluxDB 1.x, 2.x or 3.x over HTTP."""

import dataclasses
from types import TracebackType
from typing import Any, Self

import httpx

from dashboards.annotations import Annotation, Row
from dashboards.errors import SourceError
from dashboards.measured import Measured
from dashboards.resolved import ResolvedPanel
from dashboards.sources import notes, rollup
from dashboards.sources.base import Curve, Window
from dashboards.sources.influxql_answer import series_of
from dashboards.sources.influxql_devices import sites, spacing
from dashboards.sources.influxql_rollup import progress, which_rollup
from dashboards.sources.influxql_text import compile, expand, statements  # noqa: A004  (the word for it)
from dashboards.sources.shape import Shape
from park.rollup import FINE, MARKS, Step


class InfluxSource:
    """Answers panels from an InfluxDB through its `/query` address.

    Args:
        url: `http://host:port`.
        database: the bucket; InfluxDB 2 maps a database of that name to it, and DATABASE/POLICY to itself.
        token: sent as `Authorization: Token`; empty sends none.
    """

    def __init__(self, *, url: str, database: str, token: str = "", timeout_s: float = 30.0) -> None:
        headers = {"Authorization": f"Token {token}"} if token else {}
        self._database = database
        # The environment's proxies are for the internet; the store is named by its address.
        self._http = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def over_time(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's series over the window."""
        return await self._ask(panel.course, window)

    async def newest(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """One value per series: the newest in the window, for a table that of the whole window."""
        answer = await self._ask(panel.newest, window)
        # A lone selector such as max() comes with the time of its point, everything else with the window's.
        return [dataclasses.replace(series, times=[window.start]) for series in answer]

    async def spacing(self, stored: Measured, window: Window) -> float | None:
        """Seconds between two readings of a device; None if none has two."""
        found = await self.run(expand(spacing(stored), window))
        return float(found[0]["values"][0][1]) if found else None

    async def notes(self, asked: Annotation, sector: str | None, window: Window) -> list[Row]:
        """Rows that explain charts."""
        found = await self.run(expand(notes.influxql(asked, sector), window))
        return [
            (
                int(row[0]),
                {name: str(value) for name, value in zip(one["columns"], row, strict=True) if value is not None},
            )
            for one in found
            for row in one["values"]
        ]

    async def sites(self, sector: str | None = None) -> list[str]:
        """Names of the sites that have readings."""
        found = await self.run(sites(sector))
        return sorted({row[1] for series in found for row in series["values"]})

    async def rolled(self) -> bool:
        """Whether any rollups are made."""
        found = await self.run(f'SELECT count("made") FROM "{MARKS.name}"')
        return bool(found and found[0]["values"][0][1])

    async def answer(self, panel: ResolvedPanel, window: Window) -> list[Curve]:
        """The panel's rows by exactly the statements that Grafana runs."""
        suffix = ""
        if panel.asked.rolls:
            chosen = await self.run(expand(which_rollup([panel.stored.name]), window))
            suffix = str(chosen[0]["values"][0][1]) if chosen else ""
        return await self._run_all(panel.asked, compile(panel), window, suffix)

    async def run(self, statement: str) -> list[dict[str, Any]]:
        """The answer's series of one expanded statement.

        Raises:
            SourceError: the store cannot be reached or refuses the statement.
        """
        database, _, policy = self._database.partition("/")
        query = {"db": database, **({"rp": policy} if policy else {}), "q": statement, "epoch": "ms"}
        try:
            response = await self._http.get("/query", params=query)
        except httpx.HTTPError as error:
            raise SourceError(f"{self._http.base_url} does not answer InfluxQL: {error!r}") from error
        return series_of(statement, response)

    async def _ask(self, asked: Shape, window: Window) -> list[Curve]:
        step = await self._step(asked, window)
        if step is None:
            return await self._run_all(asked, statements(asked), window)
        coarse = window.interval >= rollup.MANY * step.ms
        texts = statements(asked, suffix=step.suffix, rolled=True, coarse=coarse)
        return await self._run_all(asked, texts, window)

    async def _step(self, asked: Shape, window: Window) -> Step | None:
        """The buckets that answer, if any do."""
        if not rollup.may_roll(asked, window):
            return None
        step = rollup.step_for(asked, window, await self._progress(asked, window, sizes=False))
        if step != FINE:  # sizes decide about buckets of 5 minutes alone
            return step
        return rollup.step_for(asked, window, await self._progress(asked, window, sizes=True))

    async def _progress(self, asked: Shape, window: Window, *, sizes: bool) -> rollup.Progress:
        found = await self.run(expand(progress(asked.measurement, sizes=sizes), window))
        return rollup.progress_of(found[0]["values"][0][1:] if found else ())

    async def _run_all(self, asked: Shape, texts: list[str], window: Window, suffix: str = "") -> list[Curve]:
        apart = asked.count_true or asked.cases
        fields = [(field,) for field in asked.fields] if apart else [asked.fields]
        found: list[Curve] = []
        for text, names in zip(texts, fields * (len(texts) // len(fields)), strict=True):
            for series in await self.run(expand(text, window, suffix)):
                found += _series(series, names)
        return found


open_source = InfluxSource


def _series(series: dict[str, Any], fields: tuple[str, ...]) -> list[Curve]:
    rows = series["values"]
    found = []
    for column, field in enumerate(fields, start=1):
        points = [(row[0], row[column]) for row in rows if row[column] is not None]
        if points:
            times, values = zip(*points, strict=True)
            found.append(Curve(field=field, tags=series.get("tags", {}), times=list(times), values=list(values)))
    return found
