"""What explains charts, as annotations of Grafana's InfluxDB data source: each with a switch above the dashboard.

An annotation of this source is a query with the names of the columns that hold a mark's text, tags and end; the SDK has
no model of it, so `_Target` is ours.
"""

from dataclasses import dataclass

from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.models import dashboard

from dashboards.annotations import Annotation, annotations, shown_at_first
from dashboards.grafana.query import DATASOURCE
from dashboards.resolved import Page
from dashboards.sources import notes


class _Target(dashboard.AnnotationTarget):
    """The query of an annotation."""

    def __init__(self, asked: Annotation, sector: str | None) -> None:
        super().__init__()
        self._asked, self._sector = asked, sector

    def to_json(self) -> dict[str, object]:
        """As the editor of the data source saves it."""
        asked = self._asked
        tags = [*asked.says, *(["phase"] if asked.paired else [])]
        return {
            "refId": "Anno",
            "query": notes.influxql(asked, self._sector),
            "rawQuery": True,
            "fromAnnotations": True,
            "textEditor": True,
            "textColumn": asked.whose,
            "tagsColumn": ",".join(tags),
            "timeEndColumn": asked.until,
        }


@dataclass(frozen=True, kw_only=True)
class _Built(cog.Builder[dashboard.AnnotationQuery]):
    """An annotation in the form that the SDK's builders take."""

    query: dashboard.AnnotationQuery

    def build(self) -> dashboard.AnnotationQuery:
        """The annotation itself."""
        return self.query


def of_page(page: Page) -> list[cog.Builder[dashboard.AnnotationQuery]]:
    """The annotations of a dashboard."""
    sector = page.sector.name if page.sector else None
    return [
        _Built(
            query=dashboard.AnnotationQuery(
                name=one.title,
                datasource=DATASOURCE,
                enable=shown_at_first(one, page),
                icon_color=one.color,
                target=_Target(one, sector),
                built_in=None,
            )
        )
        for one in annotations(page)
    ]
