"""One file a command; each holds its Typer application, `app`."""
