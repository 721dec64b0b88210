"""Measurements that anyone can run again; each script answers one question and prints a table."""
