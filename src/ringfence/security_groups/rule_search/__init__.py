"""The search among all rules: list and count."""
