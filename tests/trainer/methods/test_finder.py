"""The method finder: targets that decode to the truth, losses that fall, a set learnt by heart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from contract.card import Card
from contract.labels import LANDMARKS
from engines.protocol import Array
from faces.canvas import Canvas
from faces.face import Box, Face
from faces.find import GLANCE, find_faces
from tests.engines.tiny_models import tiny_finder
from trainer.data.dataset import DatasetError
from trainer.data.source import Batch
from trainer.methods.finder import FinderMethod, focal, targets
from trainer.methods.registry import method_class
from trainer.networks.finder import POINTS, STRIDE, Found, probability
from trainer.recipe import Recipe, RecipeError, read_recipe

SIZE = 128
CELLS = SIZE // STRIDE
BOXES = ((20.0, 30.0, 33.0, 40.0), (70.5, 10.25, 41.0, 30.0), (66.0, 80.0, 30.0, 36.0))
TINY: dict[str, Any] = {
    "name": "tiny",
    "method": "finder",
    "size": SIZE,
    "batch": 4,
    "steps": 100,
    "learning_rate": 1e-2,
    "network": {"widths": (8, 16, 16, 16, 16)},
}


def method(**changes: Any) -> FinderMethod:
    torch.manual_seed(0)
    return FinderMethod(Recipe.model_validate(TINY | changes))


def truth(*boxes: tuple[float, float, float, float], listed: int | None = None) -> Batch:
    """One grey picture with faces in `boxes`; the first `listed` count. Landmarks lie anywhere."""
    some = torch.zeros(1, 6, 4)
    for i, box in enumerate(boxes):
        some[0, i] = torch.tensor(box)
    share = torch.rand(1, 6, len(LANDMARKS), 2, generator=torch.Generator().manual_seed(5))
    return {
        "image": torch.zeros(1, 3, SIZE, SIZE),
        "boxes": some,
        "landmarks": some[:, :, None, :2] + share * some[:, :, None, 2:],
        "count": torch.tensor([len(boxes) if listed is None else listed]),
    }


class Shown:
    """An engine whose first answer is `found`; after that it sees no face."""

    def __init__(self, found: Found) -> None:
        self.card = tiny_finder(SIZE)[0].model_copy(update={"labels": POINTS})
        self._found: Found | None = found

    def cards(self) -> Mapping[str, Card]:
        return {self.card.name: self.card}

    def problems(self) -> Mapping[str, str]:
        return {}

    def run(
        self, model: str, inputs: Mapping[str, Array], timeout: float | None = None
    ) -> dict[str, Array]:
        n = len(inputs["image"])
        found = self._found or Found(
            torch.zeros(n, 1, CELLS, CELLS),
            torch.zeros(n, 4, CELLS, CELLS),
            torch.zeros(n, 2 * len(POINTS), CELLS, CELLS),
        )
        self._found = None
        return {name: tensor.numpy() for name, tensor in found._asdict().items()}

    def close(self) -> None:
        pass


def decoded(found: Found) -> list[Face]:
    """The faces that `faces.find` reads out of the network's answer, sure or not."""
    engine = Shown(found)
    picture = Canvas(np.zeros((SIZE, SIZE, 3), np.uint8))
    return find_faces(engine, engine.card, picture, threshold=GLANCE)


def test_targets_decode_to_the_truth() -> None:
    batch = truth(*BOXES)
    wanted = targets(batch, CELLS)
    faces = decoded(Found(wanted.heat, wanted.box, wanted.landmarks))
    assert len(faces) == len(BOXES)
    for i, box in enumerate(BOXES):
        face = max(faces, key=lambda f: f.box.overlap(Box(*box)))
        found = (face.box.x, face.box.y, face.box.width, face.box.height)
        assert found == pytest.approx(box, abs=1e-3)
        assert face.score == 1.0
        for name in POINTS:
            point = batch["landmarks"][0, i, LANDMARKS.index(name)]
            assert face.landmarks[name] == pytest.approx(point.tolist(), abs=1e-3)


def test_targets_are_whole_and_stay_as_they_are() -> None:
    wanted = targets(truth(*BOXES), CELLS)
    assert list(asdict(wanted)) == ["heat", "near", "side", "box", "landmarks"]
    with pytest.raises(FrozenInstanceError):
        wanted.heat = wanted.near  # type: ignore[misc]


def test_heat_is_one_only_where_a_face_has_its_middle() -> None:
    heat = targets(truth(*BOXES), CELLS).heat[0, 0]
    middles = {(int((y + h / 2) / STRIDE), int((x + w / 2) / STRIDE)) for x, y, w, h in BOXES}
    assert {(int(r), int(c)) for r, c in torch.nonzero(heat == 1.0)} == middles
    row, column = min(middles)
    assert 0 < heat[row, column + 1] < 1
    assert heat[0, 0] < 1e-3


@pytest.mark.parametrize(
    "batch",
    [
        truth(),
        truth(*BOXES, listed=0),
        truth((60.0, 60.0, 5.0, 5.0)),  # too small to see
        truth((-40.0, 10.0, 50.0, 50.0)),  # its middle is outside
    ],
    ids=["none", "not listed", "tiny", "outside"],
)
def test_no_face_no_heat(batch: Batch) -> None:
    wanted = targets(batch, CELLS)
    assert wanted.heat.max() == 0
    assert wanted.near.max() == 0
    assert torch.isfinite(wanted.landmarks).all()


def test_cells_around_the_middle_answer_for_their_face() -> None:
    wanted = targets(truth(*BOXES), CELLS)
    assert wanted.near.sum() >= 5 * len(BOXES)
    for row, column in torch.nonzero(wanted.near[0, 0]).tolist():
        left, top, right, bottom = (wanted.box[0, :, row, column] * SIZE).tolist()
        x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
        box = (x - left, y - top, left + right, top + bottom)
        assert any(box == pytest.approx(real, abs=1e-3) for real in BOXES)


def test_focal_loss_falls_as_the_answer_gets_right() -> None:
    wanted = targets(truth(*BOXES), CELLS).heat
    hot = (wanted == 1).float()
    losses = [focal(-4.0 + share * (hot * 12.0 - 4.0), wanted) for share in (0.0, 0.5, 1.0)]
    assert losses[0] > losses[1] > losses[2]
    assert losses[2] < 0.01
    wrong = torch.full_like(wanted, -8.0)
    wrong[0, 0, 0, 0] = 8.0  # a face where none is
    assert focal(wrong, wanted) > losses[0]
    near = wrong.clone()
    row, column = torch.nonzero(wanted[0, 0] == 1)[0].tolist()
    near[0, 0, 0, 0], near[0, 0, row, column + 1] = -8.0, 8.0  # beside a middle: forgiven more
    assert focal(near, wanted) < focal(wrong, wanted)


def test_the_right_answer_costs_nothing() -> None:
    built = method()
    batch = truth(*BOXES)
    wanted = targets(batch, CELLS)
    right = Found(wanted.heat * 20 - 10, wanted.box, wanted.landmarks)
    built.finder.forward = lambda image: right  # type: ignore[method-assign]
    _, figures = built.loss(batch)
    assert figures["box"] == 0
    assert figures["landmarks"] == 0
    off = right._replace(box=right.box + 0.1)
    built.finder.forward = lambda image: off  # type: ignore[method-assign]
    assert built.loss(batch)[1]["box"] > 0.5


def test_four_scenes_are_learnt_by_heart() -> None:
    """Bright squares on dark ground, two cells wide at least; after that they are found."""
    random = torch.Generator().manual_seed(3)
    batches = [truth((10.0 + 20 * i, 60.0 - 12 * i, 36.0, 36.0)) for i in range(4)]
    batch = {name: torch.cat([one[name] for one in batches]) for name in batches[0]}
    batch["image"] = torch.rand(4, 3, SIZE, SIZE, generator=random) * 0.2 - 0.8
    shares = torch.rand(len(LANDMARKS), 2, generator=random)
    for i in range(4):
        x, y, w, h = (int(v) for v in batch["boxes"][i, 0])
        batch["image"][i, :, y : y + h, x : x + w] += 1.2
        batch["landmarks"][i, 0] = torch.tensor([x, y]) + shares * torch.tensor([w, h])
    built = method()
    optimiser = built.optimisers["finder"]
    losses = []
    for _ in range(100):
        optimiser.zero_grad()
        loss, _ = built.loss(batch)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 * losses[0]
    with torch.no_grad():  # by the statistics of the batch, as trained
        found = probability(built.finder(batch["image"]))
    for i in range(4):
        faces = decoded(Found(*(output[i : i + 1] for output in found)))
        assert faces
        assert faces[0].box.overlap(Box(*batch["boxes"][i, 0].tolist())) > 0.6


def test_samples_show_three_columns() -> None:
    built = method()
    with torch.no_grad():
        picture = built.samples(truth(*BOXES), built.networks)
    assert picture.shape == (SIZE, 3 * SIZE, 3)
    assert picture.dtype == torch.uint8


def test_the_recipe_that_comes_along_builds() -> None:
    recipe = read_recipe("finder")
    built = method_class(recipe.method)(recipe)
    assert built.ema == ("finder",)
    assert [phase.name for phase in built.phases(0)] == ["finder"]


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--data"):
        method().source(None)
    with pytest.raises(DatasetError, match="--scenes"):
        method().source(tmp_path)
    with pytest.raises(RecipeError, match="no_such_term"):
        method(weights={"no_such_term": 1.0})
