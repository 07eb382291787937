"""Errors of the simulator.

SimulatorError
└── SelectionError      the selection names what does not exist, or selects nothing
"""


class SimulatorError(Exception):
    """Base of every error that the simulator raises."""


class SelectionError(SimulatorError):
    """The selection names what does not exist, or selects nothing; the message names the option."""
