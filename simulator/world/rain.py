"""When within a wet day it rains, and how hard."""

import numpy as np

from park.model import Floats


def hourly(latent: Floats, amount: Floats, wet_hours: Floats) -> Floats:
    """Mean intensity (..., sites, 24 x days), mm/h, by hour of consecutive days.

    The hours of a day in which the latent is highest are wet, so that showers are as persistent as
    the latent, may run over midnight into another wet day, and add up to the day's amount.

    Args:
        latent: standard normal, persistent, (..., sites, 24 x days).
        amount: of each day at each site, (..., sites, days), mm.
        wet_hours: how many hours of each day are wet, (..., 1, days).
    """
    by_day = latent.reshape(*amount.shape, 24)
    order = np.argsort(np.argsort(-by_day, axis=-1, kind="stable"), axis=-1, kind="stable")
    weight = np.where(order < np.rint(wet_hours)[..., None], np.exp(0.9 * by_day), 0.0)
    total = weight.sum(axis=-1, keepdims=True)
    intensity = weight / np.where(total > 0, total, 1.0) * amount[..., None]
    return np.asarray(intensity.reshape(latent.shape))
