"""Rollups of readings: marking the hours that are written to, and making their buckets again."""
