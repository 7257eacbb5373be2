"""Names in requests that their operation does not have: refused, or ignored with a warning."""
