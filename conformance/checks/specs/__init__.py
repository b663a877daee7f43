"""Checks on descriptions."""
