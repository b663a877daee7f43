"""Checks on what Twilio is asked."""
