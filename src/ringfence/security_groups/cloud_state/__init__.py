"""The observed state of groups: imports, refreshes, drift and the outcome of pushes."""
