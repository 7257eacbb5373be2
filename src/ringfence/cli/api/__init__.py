"""Clients of the HTTP API: what users and operators do from a shell."""
