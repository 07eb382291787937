"""A panel's questions as targets of Grafana's InfluxDB data source.

The SDK has no model of an InfluxQL query, so `InfluxQuery` is ours; everything else is the SDK's.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import dashboard

from dashboards.resolved import ResolvedPanel
from dashboards.sources import influxql_text
from park.panel import View

#: Views that take all columns of a row together.
_AS_TABLES = frozenset({View.TABLE, View.SCATTER, View.ROSE, View.BARS})
DATASOURCE = dashboard.DataSourceRef(type_val="influxdb", uid="park-influxdb")


@dataclass(frozen=True, kw_only=True)
class InfluxQuery(variants.Dataquery):
    """A raw InfluxQL target."""

    ref_id: str
    query: str
    result_format: str
    alias: str = ""

    def to_json(self) -> dict[str, object]:
        """As Grafana's InfluxDB data source keeps it."""
        target: dict[str, object] = {
            "refId": self.ref_id,
            "datasource": DATASOURCE,
            "query": self.query,
            "rawQuery": True,
            "resultFormat": self.result_format,
        }
        return {**target, "alias": self.alias} if self.alias else target


@dataclass(frozen=True, kw_only=True)
class Target(cog.Builder[variants.Dataquery]):
    """A target in the form that the SDK's builders take."""

    query: InfluxQuery

    def build(self) -> variants.Dataquery:
        """The query itself."""
        return self.query


def targets(panel: ResolvedPanel) -> list[Target]:
    """The panel's targets, one for each of its statements."""
    form = "table" if panel.view in _AS_TABLES else "time_series"
    return [
        Target(query=InfluxQuery(ref_id=chr(65 + i), query=text, result_format=form, alias=_alias(panel)))
        for i, text in enumerate(influxql_text.compile(panel))
    ]


def _alias(panel: ResolvedPanel) -> str:
    """The legend: the group, the column, or both. InfluxQL's own alias patterns."""
    if panel.view in _AS_TABLES:
        return ""
    group = " ".join(f"$tag_{tag}" for tag in panel.by)
    return f"{group} · $col" if group and len(panel.columns) > 1 else group or "$col"
