"""What Twilio adds to the checks of plain OpenAPI."""
