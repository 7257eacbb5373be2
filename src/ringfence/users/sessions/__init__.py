"""Sessions of the console: started, listed and ended."""
