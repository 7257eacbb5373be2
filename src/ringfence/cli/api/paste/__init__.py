"""The paste formats in Python: one rule a line, as the console reads them.

The console's `web/assets/paste/*.js` is the same grammar, module by module; a test compares the
two over generated lines. A line is interpreted completely or is an error.
"""
