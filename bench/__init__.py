"""Benchmarks, run manually: `python -m bench --help`. No test asserts a time."""
