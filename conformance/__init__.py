"""Holds an API, its mocks and its SDKs to their OpenAPI descriptions, operation by operation."""

from conformance.version import __version__

__all__ = ["__version__"]
