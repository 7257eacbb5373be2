"""A driver that behaves like Neutron over tables of our own database."""
