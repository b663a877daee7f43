"""HTTP values: headers, and the parts of any URL."""

from __future__ import annotations

import pytest

from conformance.model.http import Headers, Request


def test_headers_keep_order_and_repeats_and_ignore_case() -> None:
    headers = Headers.of([("Set-Cookie", "a"), ("X-A", "1"), ("set-cookie", "b")])
    assert list(headers) == [("Set-Cookie", "a"), ("X-A", "1"), ("set-cookie", "b")]
    assert headers.get("SET-COOKIE") == "a"
    assert headers.get_all("Set-Cookie") == ("a", "b")
    assert headers.get("X-B") is None
    assert headers.get_all("X-B") == ()
    assert "x-a" in headers
    assert "x-b" not in headers
    assert 7 not in headers
    assert len(headers) == 3


def test_headers_are_made_of_mappings_too() -> None:
    fields: dict[str, str | list[str]] = {"A": "1", "B": ["2", "3"]}
    assert Headers.of(fields).pairs == (("A", "1"), ("B", "2"), ("B", "3"))
    assert Headers().pairs == ()


def test_replacing_a_header_replaces_its_repeats() -> None:
    headers = Headers.of([("A", "1"), ("b", "2"), ("a", "3")])
    assert headers.replace("A", "4").pairs == (("b", "2"), ("A", "4"))
    assert headers.replace("a", None).pairs == (("b", "2"),)
    assert headers.replace("C", None) == headers


@pytest.mark.parametrize(
    ("url", "path", "query"),
    [
        ("https://h/a/b?c=d#e", "/a/b", "c=d"),
        ("https://h", "", ""),
        ("https://h?c", "", "c"),
        ("https://h/a?b?c", "/a", "b?c"),
        ("https://h/a#b?c", "/a", ""),
        ("https://u:p@h:1/a", "/a", ""),
        ("//h/a", "/a", ""),
        ("/a/b?c", "/a/b", "c"),
        ("a/b", "a/b", ""),
        ("", "", ""),
        ("https://[broken/a?b", "/a", "b"),
        ("https://[::1]:1/a?b", "/a", "b"),
        ("https://\u2100/a?b", "/a", "b"),
        ("?#", "", ""),
        ("https://h/a\nb?c\n", "/a\nb", "c\n"),
    ],
)
def test_any_text_has_the_parts_of_a_url(url: str, path: str, query: str) -> None:
    request = Request(method="GET", url=url)
    assert (request.path, request.query) == (path, query)


def test_query_and_segments_are_decoded() -> None:
    request = Request(method="GET", url="https://h/a%2Fb/c%20d/?x=1&x=&y+z=%C3%A9")
    assert request.query_pairs == [("x", "1"), ("x", ""), ("y z", "é")]
    assert request.segments == ["a/b", "c d", ""]
