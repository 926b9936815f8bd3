from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from serving.json_pictures import PIECE, written

NOISE = np.random.default_rng(0).bytes(3 * PIECE + 1)


@pytest.mark.parametrize("size", [0, 1, 2, 3, PIECE // 4 * 3, PIECE // 4 * 3 + 1, len(NOISE)])
def test_bytes_are_written_as_base64_in_pieces(size: int) -> None:
    picture = NOISE[:size]
    pieces = written({"a": [1.5, None, 'x"é'], "image": picture, "b": {"image": b"abc"}})
    assert max(map(len, pieces)) <= PIECE
    assert json.loads(b"".join(pieces)) == {
        "a": [1.5, None, 'x"é'],
        "image": base64.b64encode(picture).decode(),
        "b": {"image": "YWJj"},
    }


def test_json_without_pictures_is_one_piece() -> None:
    assert written({"a": 1, "b": [2]}) == [b'{"a":1,"b":[2]}']


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}])
def test_what_is_not_for_json(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        written({"a": value})
