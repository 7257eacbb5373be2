"""What machines ask of a running service: whether it lives, whether it can work, what it counts."""
