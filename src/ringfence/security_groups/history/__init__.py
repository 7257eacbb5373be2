"""Versions of a group: list, show, compare and roll back."""
