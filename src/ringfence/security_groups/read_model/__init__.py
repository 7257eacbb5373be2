"""The read path of groups: stored documents and the statements that page through them."""
