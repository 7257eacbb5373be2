"""Escape text for output, mask secrets, parse connection strings and UUIDs."""
