"""What the description says: documents, references, operations and the way from a URL to one of them."""
