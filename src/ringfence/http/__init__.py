"""HTTP: middleware, collections, OpenAPI, and what the handlers of all features share."""
