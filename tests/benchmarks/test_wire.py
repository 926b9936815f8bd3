from __future__ import annotations

from benchmarks.wire import bytes_of, edit_request


def test_the_request_says_how_long_it_is() -> None:
    request = edit_request("http://h:1", b"x" * 5000, "sad", {"Accept": "application/json"})
    head, _, body = bytes_of(request).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1/expressions HTTP/1.1\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert b"Host: h:1" in head
    assert b"Accept: application/json" in head
    assert b"x" * 5000 in body
