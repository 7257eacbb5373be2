"""Users, their tokens and the roles they were given."""
