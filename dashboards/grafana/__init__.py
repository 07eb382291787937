"""Dashboards as Grafana's JSON: the only folder that knows it."""

from dashboards.grafana.alerts import render as render_alerts
from dashboards.grafana.page import render, uid

__all__ = ["render", "render_alerts", "uid"]
