"""A threshold on each channel: half its usual span outside of that, or a gap.

python threshold.py FOLDER [PAST] > detections.ndjson: folders that `park dataset` has written; what is usual is learnt
from the second one, if there is one.
"""

import sys

import numpy as np
from series import gap, series, tell

for device, channel, ms, x, (_, usual) in series(*sys.argv[1:]):
    if np.isfinite(usual).mean() < 0.2:
        continue  # a channel that is seldom told has no usual values
    low, high = np.nanquantile(usual, [0.01, 0.99])
    reach = max((high - low) / 2, 10.0 ** -channel["decimals"])
    tell(device, channel, ms, gap(ms, x) | (x < low - reach) | (x > high + reach))
