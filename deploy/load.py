"""A load on the deployment's own pipeline: readings for so many seconds, then the proof that all of them are stored.

What stands behind ``--`` is the selection, for `park simulate` and `park verify` alike. Each prints its summary, and
the exit code is the first that is not 0.
"""
# ruff: noqa: INP001  (a program, not a package)

import argparse
import datetime as dt
import subprocess
import sys


def main(arguments: list[str] | None = None) -> int:
    """Run the load, then verify it."""
    parser = argparse.ArgumentParser(description="Load the park, then verify it.")
    parser.add_argument("--broker", required=True)
    parser.add_argument("--store", required=True)
    parser.add_argument("--seconds", type=int, default=60, help="how long readings are published")
    parser.add_argument("--wait", default="60s", help="how long readings may still be on their way afterwards")
    parser.add_argument("selection", nargs="*", help="after --: --devices 1000 --interval 1s ...")
    given = parser.parse_args(arguments)
    start = dt.datetime.now(dt.UTC).replace(microsecond=0)
    until = start + dt.timedelta(seconds=given.seconds)
    window = ["--start", start.isoformat(), "--until", until.isoformat(), *given.selection]
    sys.stderr.write(f"load: {given.seconds} s from {start.isoformat()}\n")
    simulated = _park("simulate", "--broker", given.broker, "--no-commands", "--json", *window)
    verified = _park("verify", "--store", given.store, "--wait", given.wait, "--ignore-unselected", "--json", *window)
    outcome = "nothing lost" if not (simulated or verified) else f"simulate exit {simulated}, verify exit {verified}"
    sys.stderr.write(f"load: {outcome}\n")
    return simulated or verified


def _park(*arguments: str) -> int:
    return subprocess.run(["park", *arguments], check=False).returncode  # noqa: S603, S607  (the image's own program)


if __name__ == "__main__":
    sys.exit(main())
