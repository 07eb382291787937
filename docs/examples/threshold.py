"""A threshold on each channel: half its usual span outside of that, or a gap.

python threshold.py FOLDER > detections.ndjson, where FOLDER is one that `park dataset` has written.
"""

import sys

import numpy as np
from series import gap, series, tell

for device, channel, ms, x in series(sys.argv[1]):
    if np.isfinite(x).mean() < 0.2:
        continue  # a channel that is seldom told has no usual values
    low, high = np.nanquantile(x, [0.01, 0.99])
    reach = max((high - low) / 2, 10.0 ** -channel["decimals"])
    tell(device, channel, ms, gap(ms, x) | (x < low - reach) | (x > high + reach))
