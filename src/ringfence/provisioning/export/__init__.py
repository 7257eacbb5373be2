"""Writes the database as a provisioning file: loading it again changes nothing."""
