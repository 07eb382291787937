"""What a viewer serves."""

from dataclasses import dataclass

from dashboards.definitions import PIPELINE
from dashboards.resolved import Page, ResolvedPanel
from dashboards.sources.base import Source
from dashboards.viewer.orders import Commanding
from park.town import Lake


@dataclass(frozen=True, kw_only=True)
class Served:
    """What is served: the dashboards, the source that answers them, and leave to command, None for nobody's.

    Attributes:
        lakes: of the town, for its map.
    """

    title: str
    pages: tuple[Page, ...]
    source: Source
    utc_offset_ms: int
    refresh_s: float
    commanding: Commanding | None = None
    lakes: tuple[Lake, ...] = ()

    @property
    def pulse(self) -> list[ResolvedPanel]:
        """The figures above every dashboard: those that stand for the pipeline's page."""
        pages = (page for page in self.pages if page.slug == PIPELINE)
        return [panel for page in pages for panel in page.panels if panel.highlight]
