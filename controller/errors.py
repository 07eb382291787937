"""Errors of the controller.

ControlError
├── RulesError      control.toml is wrong; names the rule and the key
├── JournalError    the folder of the state cannot be used; names the file
│   └── FolderHeld  another controller uses it; names the folder
└── BrokerRefused   the broker refuses the login or the topics for good; names the broker
"""


class ControlError(Exception):
    """Base of every error that the controller raises."""


class RulesError(ControlError):
    """control.toml is wrong; the message names the rule and the key, one a line."""


class JournalError(ControlError):
    """What was decided cannot be read or kept; the message names the file."""


class FolderHeld(JournalError):
    """Another controller keeps what it decides there; the message names the folder."""


class BrokerRefused(ControlError):
    """The broker refuses the login or the topics for good; the message names the broker."""
