"""Customers and their projects."""
