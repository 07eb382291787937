"""The alert rules of the park, found and judged: by Grafana's documented semantics, on any store."""
