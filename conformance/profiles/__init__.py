"""What families of APIs add to plain OpenAPI."""
