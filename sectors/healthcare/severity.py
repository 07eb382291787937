"""How ill somebody is: one latent severity from 0 to 1 per stay, behind all vital signs.

It starts somewhere, recovers exponentially, and in some stays a deterioration is added: a logistic rise of 6 to 24 h
and a fall of 12 to 48 h. It is a closed form of the hours since admission, so any moment is reached at once.
"""

from dataclasses import dataclass

import numpy as np

from park.model import Floats, Ints, Streams
from sectors.healthcare.stays import Beds

_SHARE_THAT_WORSENS = 0.26
_LEAST, _MOST = 0.03, 0.98
#: Between a fraction of 5 % and one of 95 % a logistic curve takes six of its scales.
_SCALES = 6.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """Courses of illness, (S,) each; hours since admission.

    Attributes:
        admitted: hours since the first morning.
        start: severity on admission.
        recovery_h: time constant.
        peak: what the deterioration adds at its height; 0 if there is none.
        onset_h: when it begins.
        rise_h, fall_h: how long it takes to rise, and to fall.
    """

    admitted: Floats
    start: Floats
    recovery_h: Floats
    peak: Floats
    onset_h: Floats
    rise_h: Floats
    fall_h: Floats

    @property
    def worst(self) -> tuple[Floats, Floats]:
        """Hours since the first morning at which a deterioration is at half of its height, rising and falling.

        Both are the same where there is none.
        """
        up = self.admitted + self.onset_h + self.rise_h / 2
        return up, np.where(self.peak > 0, up + self.rise_h / 2 + self.fall_h, up)

    def severity(self, place: Ints, hour: Floats) -> Floats:
        """(N,) severity of the stays at these places, at hours since the first morning."""
        age = np.maximum(hour - self.admitted.take(place), 0.0)
        rise, fall = self.rise_h.take(place), self.fall_h.take(place)
        up = self.onset_h.take(place) + rise / 2
        down = up + rise / 2 + fall
        worse = self.peak.take(place) / (
            (1.0 + np.exp(np.minimum((up - age) * _SCALES / rise, 60.0)))
            * (1.0 + np.exp(np.minimum((age - down) * _SCALES / fall, 60.0)))
        )
        recovering = _LEAST + (self.start.take(place) - _LEAST) * np.exp(-age / self.recovery_h.take(place))
        return np.asarray(np.clip(recovering + worse, _LEAST, _MOST))


def keys(beds: Beds) -> Ints:
    """(2 B,) the day on which each stay began: with the bed's number, it tells a stay from all others."""
    admitted = beds.admitted.reshape(-1)
    return np.floor(np.where(np.isfinite(admitted), admitted, 0.0) / 24.0).astype(np.int64)


def courses(streams: Streams, beds: Beds) -> Course:
    """The courses of the day's stays, flat (B, 2)."""
    number = np.repeat(beds.number, 2)
    admitted, until = beds.admitted.reshape(-1), beds.until.reshape(-1)
    known = np.isfinite(admitted)
    admitted, length = np.where(known, admitted, 0.0), np.where(known, until - admitted, 24.0)
    drawn = streams.uniform("healthcare.course", number[:, None], keys(beds)[:, None], np.arange(7))
    return Course(
        admitted=admitted,
        start=0.17 + 0.62 * drawn[:, 0] ** 1.4,
        recovery_h=36.0 + 130.0 * drawn[:, 1],
        peak=np.where(drawn[:, 2] < _SHARE_THAT_WORSENS, 0.42 + 0.42 * drawn[:, 3], 0.0),
        onset_h=6.0 + length * (0.05 + 0.65 * drawn[:, 4]),
        rise_h=6.0 + 18.0 * drawn[:, 5],
        fall_h=12.0 + 36.0 * drawn[:, 6],
    )
