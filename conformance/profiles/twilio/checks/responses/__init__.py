"""Checks on what Twilio answered."""
