"""The models' version: the one place that says it.

Raise it by one in the same commit as any change of the bytes of a reading or an event: physics, constants, noise,
rounding, the town's default settings, the libraries that the models compute with. A store that an older version
filled can then not be mistaken for one that lost or altered readings: `park verify` says so and ends with exit code 3.
It is not raised for new kinds, sectors, channels of their own or speed: what was made before is made as before.

`SEALS` holds, for each version, the digest of a few readings and events of every kind; a test makes them again. Add
a row for a new version; the row of a version that has been used is never changed.
"""

MODELS_VERSION = 1

#: Version to the digest of its specimens; see tests/simulator/test_version.py.
SEALS = {1: "0b4cabe3242e281e3e558c58ed928aab"}
