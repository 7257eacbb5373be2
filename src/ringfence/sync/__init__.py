"""Keeping groups and clouds in step: jobs, push, pull and the pure plan between them."""
