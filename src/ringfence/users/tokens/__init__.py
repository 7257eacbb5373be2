"""API tokens: issue, list, rotate and revoke."""
