"""Checks of the answers to generated requests: what was expected, and what came."""
