"""Lists, counts and single objects over HTTP: filters, pagination, cursors, responses."""
