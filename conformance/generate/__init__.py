"""Requests from operations: sampled, enumerated at their boundaries, broken on purpose, and joined to sessions."""
