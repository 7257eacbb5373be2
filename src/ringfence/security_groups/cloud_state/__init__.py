"""The cloud's view of groups: imports, refreshes, drift, ports and the outcome of pushes."""
