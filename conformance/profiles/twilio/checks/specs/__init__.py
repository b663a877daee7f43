"""Checks on the descriptions of Twilio's APIs."""
