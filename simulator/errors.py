"""Errors of the simulator.

SimulatorError
├── SelectionError      the selection names what does not exist, or selects nothing
├── FaultsError         the faults asked for cannot be read
├── NoPassword          a gateway's password cannot be read
├── TooManyConnections  the system does not allow as many
├── TooLate             the schedule's end has passed before its launch
├── OtherVersion        another version of the models made what a store holds
├── BadOrders           what devices were commanded cannot be read
├── OrdersMissing       the window was commanded, and nobody says how
├── DatasetError        a table could not be written
├── OutageError         a command that stops or starts a part of the pipeline failed
└── ProcessEnded        one of several processes ended before its work was done
"""


class SimulatorError(Exception):
    """Base of every error that the simulator raises."""


class SelectionError(SimulatorError):
    """The selection names what does not exist, or selects nothing; the message names the option."""


class FaultsError(SimulatorError):
    """The faults asked for cannot be read; names the file, the rule and the key."""


class NoPassword(SimulatorError):
    """A gateway's password cannot be read; the message names its file."""


class TooManyConnections(SimulatorError):
    """The system does not allow so many connections; says which limit, and what to do."""


class TooLate(SimulatorError):
    """The schedule's end has passed before its launch; there is nothing to publish."""


class OtherVersion(SimulatorError):
    """Another version of the models made what a store holds, so that it cannot be recomputed; names both versions."""


class BadOrders(SimulatorError):
    """What devices were commanded cannot be read; names the file, or the store, and what is wrong."""


class OrdersMissing(SimulatorError):
    """The window was commanded, and nobody says how: to make it again without would overwrite what was true."""


class DatasetError(SimulatorError):
    """A table could not be written, for want of room for instance; says why."""


class OutageError(SimulatorError):
    """A command that stops or starts a part of the pipeline failed; names its option, and what it said."""


class ProcessEnded(SimulatorError):
    """One of several processes ended before its work was done; the rest were ended too."""
