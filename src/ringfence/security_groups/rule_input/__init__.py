"""Submitted rules: parsed, resolved to stored rules, and refused where they would open."""
