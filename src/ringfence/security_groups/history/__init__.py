"""Versions of a group: list, retrieve, compare and roll back."""
