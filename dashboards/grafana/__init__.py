"""Dashboards as Grafana's JSON: the only folder that knows it."""

from dashboards.grafana.alerts import render as render_alerts
from dashboards.grafana.page import render, uid
from dashboards.grafana.town import geojson

__all__ = ["geojson", "render", "render_alerts", "uid"]
