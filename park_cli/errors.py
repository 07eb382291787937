"""What ends a command: exit code 2 for errors of use, 1 for work that could not be done, 3 for another version.

CommandError
└── UsageError      an option or a setting is wrong; names it
"""


class CommandError(Exception):
    """The command could not do its work."""

    exit_code = 1


class UsageError(CommandError):
    """An option or a setting is wrong; the message names it and says what to do."""

    exit_code = 2
