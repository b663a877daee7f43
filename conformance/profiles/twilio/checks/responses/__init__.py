"""Checks on what Twilio answers."""
