"""The reference server: a pure core, (request, state) to (response, state), with a thin ASGI shell around it."""
