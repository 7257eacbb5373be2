"""Which group in the cloud belongs to a row that has no backend id."""
