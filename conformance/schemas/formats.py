"""The `format` values that OpenAPI itself defines, as JSON Schema.

`jsonschema_rs` knows the formats of JSON Schema 2020-12 and calls Python for others on strings only. So a format is
written here as the schema that a value of the right type must meet: it works for numbers and objects, and runs
compiled. Profiles add formats of their own in the same form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

STANDARD: Final[Mapping[str, Mapping[str, Any]]] = {
    "int32": {"minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"minimum": -(2**63), "maximum": 2**63 - 1},
    "byte": {"pattern": r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"},
}
"""OpenAPI 3.0 (4.4) and the format registry of the OpenAPI Initiative. `float`, `double`, `binary` and `password`
constrain nothing that JSON can show."""
