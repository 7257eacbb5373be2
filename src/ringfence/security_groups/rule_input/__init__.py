"""Parses submitted rules, matches them with stored rules and refuses those that would open."""
