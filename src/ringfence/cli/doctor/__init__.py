"""`ringfence doctor`: check database, service, clouds and files, and say what to do.

`command` is the command, `examination` runs the checks in order, `report` prints them. Checks are
values, and those of database and service are in `monitoring/checks`. Of the clouds, `clouds` reads
what `rights` judges.
"""
