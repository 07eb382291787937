"""Dashboards as Grafana's JSON: the only folder that knows it."""

from dashboards.grafana.page import render, uid

__all__ = ["render", "uid"]
