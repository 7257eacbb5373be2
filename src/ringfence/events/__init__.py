"""The audit trail: who did what, and what changed."""
