"""Backups of any database of Ringfence, embedded or not, and their restore into any other."""
