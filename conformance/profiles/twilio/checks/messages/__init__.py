"""Checks on each side of an exchange with Twilio."""
