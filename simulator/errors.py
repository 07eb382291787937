"""Errors of the simulator.

SimulatorError
├── SelectionError      the selection names what does not exist, or selects nothing
├── MissingPassword     a gateway's password file cannot be read; names the file
├── TooLate             the schedule's end has passed before its launch
└── ProcessEnded        one of several processes ended before its work was done
"""


class SimulatorError(Exception):
    """Base of every error that the simulator raises."""


class SelectionError(SimulatorError):
    """The selection names what does not exist, or selects nothing; the message names the option."""


class MissingPassword(SimulatorError):
    """A gateway's password file cannot be read; the message names it."""


class TooLate(SimulatorError):
    """The schedule's end has passed before its launch; there is nothing to publish."""


class ProcessEnded(SimulatorError):
    """One of several processes ended before its work was done; the rest were ended too."""
