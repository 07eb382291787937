"""Waits of a queue, server by server (Kiefer & Wolfowitz 1955), and what theory says of their mean."""

import heapq
from math import factorial

import numpy as np

from park.model import Floats


def waits(arrives: Floats, serves: Floats, servers: int) -> Floats:
    """(N,) of customers in the order in which they come, first come first served by whoever is free first."""
    free = [0.0] * servers
    found = []
    for at, takes in zip(arrives.tolist(), serves.tolist(), strict=True):
        begins = max(at, heapq.heappop(free))
        found.append(begins - at)
        heapq.heappush(free, begins + takes)
    return np.array(found)


def mean_wait(rate: float, serves: float, servers: int, variation: tuple[float, float] = (1.0, 1.0)) -> float:
    """Erlang's C and, where arrivals and services are not exponential, its scaling by Allen and Cunneen (1978).

    Args:
        rate: of arrivals.
        serves: mean time of a service, in the same unit of time.
        servers: how many.
        variation: coefficients of arrivals' intervals and of services.
    """
    load = rate * serves
    last = load**servers / factorial(servers) * servers / (servers - load)
    all_busy = last / (sum(load**k / factorial(k) for k in range(servers)) + last)
    return all_busy * serves / (servers - load) * (variation[0] ** 2 + variation[1] ** 2) / 2.0
