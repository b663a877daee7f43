"""Checks of Twilio's answers to generated requests."""
