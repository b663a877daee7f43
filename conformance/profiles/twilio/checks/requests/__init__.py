"""Checks on what was sent to Twilio."""
