"""Errors of the dashboards.

DashboardError
├── PanelError     a panel contradicts the catalogue; names dashboard, panel and key
├── SourceError    a store did not answer a panel's query
└── SendError      a command cannot be handed to its device; says why
"""


class DashboardError(Exception):
    """Base of every error that the dashboards raise."""


class PanelError(DashboardError):
    """A panel asks for what the catalogue or the stores do not have."""


class SourceError(DashboardError):
    """A store did not answer a panel's query."""


class SendError(DashboardError):
    """A command cannot be handed to its device."""
