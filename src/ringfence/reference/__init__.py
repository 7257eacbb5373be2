"""The API reference: the schema, an interactive page, and pages of Markdown."""
