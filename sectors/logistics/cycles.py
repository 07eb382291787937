"""A start-stop unit: what of each cycle it has run, and what that does to the air."""

import numpy as np

from park.model import Floats


def saw(part: Floats, share: Floats, band: Floats) -> Floats:
    """K off the set point: down while it runs, up while it rests, both bent towards where they would end."""
    run = part < share
    done = np.where(run, part / share, (part - share) / (1.0 - share))
    bent = np.expm1(-0.7 * done) / np.expm1(-0.7)
    return np.asarray(band * np.where(run, 1.0 - 2.0 * bent, 2.0 * bent - 1.0))
