"""Removes what files mark as absent and, with `--prune`, what they do not declare."""
