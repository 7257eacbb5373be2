"""What of the ports of tenants is open to the internet: list, counts and trend."""
