"""The packages' errors, by the exit code they mean."""

from ingest.errors import BadCertificate, BadStoreUrl, IngestError, MissingSecret
from mqttlink import BadBrokerUrl, LinkError
from park.errors import ParkError
from simulator.errors import SelectionError, SimulatorError
from simulator.world import WorldError

OF_USE = (ParkError, SelectionError, WorldError, BadCertificate, BadStoreUrl, MissingSecret, BadBrokerUrl)
OF_WORK = (LinkError, IngestError, SimulatorError)
