"""The first module of the `park` command: signals are answered before any library is imported."""

from park_cli.entry import prepare


def main() -> None:
    """The entry point."""
    prepare()
    from park_cli.main import main as run  # noqa: PLC0415 - half a second in which Ctrl-C would find nobody

    run()
