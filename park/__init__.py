"""The contract of the park: what a reading is, how it is named, typed, encoded and shown.

Nothing here does I/O, and nothing here imports the simulator, the ingester or the dashboards.
"""
