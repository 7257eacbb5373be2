"""Checks of the database and the service, as values: those of `ringfence doctor` beside the clouds.

`/api/doctor/` runs them in an API process, each with a time limit (`in_process`).
"""
