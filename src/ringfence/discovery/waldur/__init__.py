"""Reads a Waldur site through its API, for `ringfence discover --waldur`.

`client` fetches the lists, `items` checks the fields of their objects, `entries`, `groups` and
`roles` turn these into entries of the provisioning schema (pure), and `site` puts them in order.
`existing` is what the database has from an earlier copy.
"""
