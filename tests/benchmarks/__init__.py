"""Measures against a baseline timed in the same run; `python -m tests.benchmarks`."""
