"""Checks on requests that belong to no operation."""
