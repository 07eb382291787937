"""From the broker to the store: nothing is acknowledged before the store has it or the dead-letter file.

`run` is the whole of it; `Decoder`, `BatchWriter` and the stores are its parts.
"""
