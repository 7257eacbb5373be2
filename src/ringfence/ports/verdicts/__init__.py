"""Verdicts: whether a packet is admitted between two ends, and by which rules."""
