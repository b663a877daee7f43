"""Checks on what was answered."""
