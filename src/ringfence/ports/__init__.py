"""Ports and instances: which traffic they admit, and the groups they carry."""
