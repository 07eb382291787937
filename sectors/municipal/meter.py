"""Water meters of buildings."""

import numpy as np

from park.grid import Sampler, integral, rows
from park.model import Carry, Moments, Observation
from sectors.municipal.catalogue import WATER_METER
from sectors.municipal.demand import drawn
from sectors.municipal.span import Span
from sectors.municipal.zone import Quarter


def begin(cells: int, per_cell: int) -> Carry:
    """Registers at zero."""
    return {"meter_m3": np.zeros((cells, per_cell))}


def after(span: Span, carry: Carry) -> Carry:
    """What is carried after a span."""
    made, total = drawn(span), carry["meter_m3"]
    for volume in (made.volume + 24.0 * made.drip).reshape(len(span.worlds), *total.shape):
        total = total + volume
    return {"meter_m3": total}


def observe(day: Quarter, carry: Carry, at: Moments) -> Observation:
    """Water meters; `carry` has their registers, (M,), at the day's beginning."""
    meter, world = rows(at, day.span.per_cell(WATER_METER.name)), day.span.worlds[0]
    here, streams = Sampler(meter, at.x), day.span.setting.streams
    ground = 16.5 - 8.0 * np.cos(2.0 * np.pi * (world.date.timetuple().tm_yday - 45) / 365.25)
    stray = streams.normal("municipal.meter.noise", at.device, at.ts)
    age = (world.index + 97 * at.device) % 3650
    return {
        "water_total": carry["meter_m3"][meter] + here.energy(day.flows, integral(day.flows)),
        "water_flow": here.line(day.flows),
        "water_temperature": ground + 0.2 * stray,
        "alarm_flow_persistence": day.drawn.drip[meter] > 0,
        "battery_level": 100.0 - 0.022 * age,
    }
