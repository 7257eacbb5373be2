"""The API's description of the service: version, features, sign-in methods."""
