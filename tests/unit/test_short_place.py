"""Places of documents, as a person names them."""

from __future__ import annotations

import pytest

from conformance.model.wording import short_place


@pytest.mark.parametrize(
    ("pointer", "operation", "told"),
    [
        ("/components/schemas/Call", None, "Call"),
        ("/components/schemas/Call/properties/price/type", None, "Call.price"),
        ("/components/schemas/Call/properties/type", None, "Call.type"),
        ("/components/schemas/Call/properties/format/format", None, "Call.format"),
        ("/components/schemas/List/properties/calls/items/properties/sid", None, "List.calls.sid"),
        ("/paths/~1calls~1{sid}/get/parameters/0/schema", "voice.fetchCall", "fetchCall"),
        (
            "/paths/~1calls/post/requestBody/content/application~1json/schema/properties/To",
            "voice.createCall",
            "createCall.To",
        ),
        ("/paths/~1calls/description", None, "/calls"),
        ("/tags/3", None, "tags"),
        ("", None, ""),
    ],
)
def test_a_place_is_named_by_what_a_reader_knows(pointer: str, operation: str | None, told: str) -> None:
    assert short_place(pointer, operation) == told
