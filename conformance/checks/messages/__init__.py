"""Checks on each side of an exchange by itself."""
