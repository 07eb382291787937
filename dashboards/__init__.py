"""Every panel defined once; rendered for Grafana and for the viewer in a browser."""
