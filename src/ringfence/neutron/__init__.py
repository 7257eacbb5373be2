"""The networking API of clouds: a port and its drivers."""
