"""Whether those who publish have their passwords, asked before the work."""

from simulator.options import SimulateOptions
from simulator.preparation import gateway_plans


def check_logins(options: SimulateOptions) -> None:
    """Look each gateway's password up once.

    Raises:
        NoPassword: one cannot be read; names the gateway and the file.
        SelectionError: there are fewer gateways than processes.
    """
    broker = options.broker
    for gateway in gateway_plans(options.preparation(), options.processes):
        broker.credentials.of(broker.address.username or gateway.client_id)
