"""Synchronization of groups and clouds: jobs, push, pull, plan and compare."""
