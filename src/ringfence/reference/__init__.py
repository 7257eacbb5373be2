"""The API's description, as readers have it: the schema, an interactive page, pages of Markdown."""
