"""The clouds' networking API: a port, and the drivers that fill it."""
