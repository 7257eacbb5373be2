"""Measurements, run by hand: `python -m bench --help`. No test asserts a time."""
