"""The packages' errors, by the exit code they mean."""

from ingest.errors import BadCertificate, BadName, BadStoreUrl, DeadLetterError, IngestError, MissingSecret
from mqttlink import BadBrokerUrl, LinkError
from mqttlink.errors import BrokerError
from park.errors import ParkError
from simulator.errors import NoPassword, SelectionError, SimulatorError
from simulator.world import WorldError

OF_USE = (
    ParkError,
    SelectionError,
    WorldError,
    BadCertificate,
    BadName,
    BadStoreUrl,
    DeadLetterError,
    NoPassword,
    MissingSecret,
    BadBrokerUrl,
)
OF_WORK = (LinkError, BrokerError, IngestError, SimulatorError)
