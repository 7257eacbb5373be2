"""Users, their passwords, tokens, sessions and roles."""
