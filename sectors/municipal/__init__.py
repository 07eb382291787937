"""A street block that obeys: what stands there, and how it behaves."""
