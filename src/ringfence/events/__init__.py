"""What happened, by whom, from what to what."""
