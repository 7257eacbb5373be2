"""The console: pages for people in a browser, on the same API as everybody's."""
