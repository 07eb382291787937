"""The commands of `python -m bench.soak`, each by its function's name."""

import typer

import bench.soak
from bench.soak.broker import ends
from bench.soak.cluster import cluster
from bench.soak.commands import commands
from bench.soak.fuzz import fuzz
from bench.soak.hostile import hostile
from bench.soak.kills import kills
from bench.soak.poison import poison
from bench.soak.ready import ready
from bench.soak.store import away

app = typer.Typer(help=bench.soak.__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
for command in (kills, away, ends, poison, hostile, fuzz, ready, commands, cluster):
    app.command()(command)

if __name__ == "__main__":
    app()
