"""The packages' errors, by the exit code they mean."""

from controller.errors import ControlError, FolderHeld, RulesError
from ingest.errors import BadName, BadStoreUrl, DeadLetterError, IngestError, MissingSecret
from mqttlink import BadBrokerUrl, LinkError, UnusableCertificate
from mqttlink.errors import BrokerError
from park.errors import ParkError
from simulator.errors import (
    BadOrders,
    FaultsError,
    NoPassword,
    OrdersMissing,
    OtherVersion,
    SelectionError,
    SimulatorError,
    TooManyConnections,
)

OF_USE = (
    ParkError,
    RulesError,
    FolderHeld,
    SelectionError,
    FaultsError,
    BadName,
    BadStoreUrl,
    DeadLetterError,
    NoPassword,
    TooManyConnections,
    BadOrders,
    OrdersMissing,
    MissingSecret,
    BadBrokerUrl,
    UnusableCertificate,
)
OF_VERSION = (OtherVersion,)
OF_WORK = (LinkError, BrokerError, IngestError, SimulatorError, ControlError)
