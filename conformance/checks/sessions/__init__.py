"""Checks on exchanges that follow each other."""
