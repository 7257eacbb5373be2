"""Version, public configuration and sign-in methods."""
