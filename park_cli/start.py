"""The first module of the `park` command: signals are answered before any library is imported."""

import signal


def main() -> None:
    """The entry point."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is somebody to answer it
    from park_cli.entry import prepare  # noqa: PLC0415 - not before the line above

    prepare()
    from park_cli.main import main as run  # noqa: PLC0415 - half a second in which Ctrl-C would find nobody

    run()
