"""API tokens: issued, listed, renewed and revoked."""
