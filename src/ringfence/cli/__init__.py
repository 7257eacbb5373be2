"""The command line: what an operator types, and how results are printed."""
