"""Finds and starts the real servers that tests and benchmarks talk to: nothing here imitates one."""
