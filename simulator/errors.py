"""Errors of the simulator.

SimulatorError
├── SelectionError      the selection names what does not exist, or selects nothing
└── BrokerRefusal       the broker refused readings for good; names the gateway and the reason
"""


class SimulatorError(Exception):
    """Base of every error that the simulator raises."""


class SelectionError(SimulatorError):
    """The selection names what does not exist, or selects nothing; the message names the option."""


class BrokerRefusal(SimulatorError):
    """The broker refused a gateway's login or its readings."""
