"""Security groups, their rules and their versions."""
