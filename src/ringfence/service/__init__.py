"""The processes of one service: supervisor, API processes, job worker, signals."""
