"""The few query shapes, per store: written and run."""
