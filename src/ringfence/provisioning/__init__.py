"""The provisioning file: reading it, checking it, and bringing the database to it."""
