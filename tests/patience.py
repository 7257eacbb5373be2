"""How long tests wait for what has to come.

Far longer than it takes: a machine may be busy with others. That something is quick is measured in
benchmarks, never here.
"""

PATIENCE_SECONDS = 120.0
