"""Text at the edges: escaped for each output, secrets masked, connection strings parsed."""
