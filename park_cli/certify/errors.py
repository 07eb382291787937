"""What ends a run before its ledger."""

from park_cli.errors import CommandError


class PartError(CommandError):
    """A part could not be started, or not be told what to do; names it."""
