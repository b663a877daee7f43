"""Checks on what was asked."""
