"""Overviews of groups: state, exposure and drift at a glance."""
