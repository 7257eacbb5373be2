"""What of each port is open to the internet, kept beside the rules that decide it."""
