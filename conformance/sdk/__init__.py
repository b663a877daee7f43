"""Real SDKs, driven from outside and judged by the bytes they put on the wire."""
