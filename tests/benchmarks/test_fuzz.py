from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from httpx import Client

from benchmarks.fuzz import _faults, damaged, kinds
from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

ORIGINALS = kinds(encoded(scene()))


def edit(client: Client, data: bytes) -> int:
    return client.post(
        "/v1/expressions",
        files={"image": data},
        data={"expression": "happy", "faces": "[[80, 60, 80, 80]]"},
    ).status_code


@pytest.mark.filterwarnings("ignore::UserWarning")  # what Pillow says of EXIF that is damaged
def test_damaged_pictures_are_edited_or_refused(model_repository: Path) -> None:
    answers: Counter[int] = Counter()
    engine = OnnxEngine(model_repository, threads=1)
    with running(create_app(Settings(workers=1), engine)) as client:
        assert [edit(client, original) for original in ORIGINALS] == [200] * len(ORIGINALS)
        for seed in range(240):
            answers[edit(client, damaged(ORIGINALS, seed))] += 1
    assert _faults(answers) == 0
    assert set(answers) <= {200, 413, 415, 422}
    assert min(answers[200], answers[422]) > 10


def test_the_same_seed_does_the_same_damage() -> None:
    assert damaged(ORIGINALS, 7) == damaged(ORIGINALS, 7)
    assert len({damaged(ORIGINALS, seed) for seed in range(50)}) > 40


def test_what_is_a_fault() -> None:
    assert _faults(Counter({200: 5, 422: 3, 429: 1, 503: 2})) == 0
    assert _faults(Counter({0: 1, 500: 2, 502: 3, 504: 4, 503: 9})) == 10
