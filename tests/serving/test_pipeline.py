from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from contract.expression import (
    DRAWN,
    INDEX,
    SIZE,
    IntensityError,
    UnknownExpressionError,
    UnknownParameterError,
)
from engines.cancel import Cancellation, working_under
from engines.onnx_engine import OnnxEngine
from engines.protocol import EngineCancelledError, EngineError, EngineTimeoutError
from engines.triton_engine import TritonEngine
from faces.face import Box
from serving import png
from serving.pipeline import Pipeline
from serving.request_errors import BoxError, NoFaceError, NoModelError, UnknownModelError
from serving.settings import Settings
from serving.stages import STAGES
from tests.engines.tiny_models import write_model
from tests.engines.triton_stub import TritonStub
from tests.magenta_models import painting_editor, write_magenta_repository
from tests.painted_faces import magenta_face
from tests.pictures import encoded, opened, same_outside, scene, with_alpha

TWO = ((60, 60, 14), (180, 130, 20))


def palette(picture: np.ndarray) -> bytes:
    return encoded(Image.fromarray(picture).quantize(64))


KINDS: dict[str, Callable[[np.ndarray], bytes]] = {
    "png": encoded,
    "png with alpha": lambda p: encoded(with_alpha(p)),
    "png with palette": palette,
    "png with 16 bits": lambda p: png.encode(p.astype(np.uint16) * 257),
    "png with 16 bits and alpha": lambda p: png.encode(with_alpha(p).astype(np.uint16) * 257),
    "lossless webp": lambda p: encoded(p, "WEBP", lossless=True),
    "lossless webp with alpha": lambda p: encoded(with_alpha(p), "WEBP", lossless=True, exact=True),
}


def pixels(data: bytes) -> np.ndarray:
    if data[:4] == b"\x89PNG" and png.depth(data) == 16:
        return png.decode16(data)
    image = Image.open(io.BytesIO(data))
    return np.asarray(image.convert("RGB") if image.mode == "P" else image)


@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_outside_the_changed_rectangles_is_the_same(
    pipeline: Pipeline, kind: str
) -> None:
    data = KINDS[kind](scene(faces=TWO))
    result = pipeline.edit(data, "happy")
    before, after = pixels(data), pixels(result.data)
    changed = [face.changed for face in result.faces]
    assert len(changed) == 2
    assert before.dtype == after.dtype
    assert same_outside(before, after, changed)
    for rectangle in changed:
        assert not same_outside(before, after, [r for r in changed if r != rectangle])
    if before.shape[2] == 4:
        assert (before[..., 3] == after[..., 3]).all()
    assert sum(width * height for *_, width, height in changed) < before[..., 0].size / 4


@pytest.mark.parametrize("deep", [False, True])
def test_grey_pictures_stay_grey(pipeline: Pipeline, deep: bool) -> None:
    grey = scene()[..., :1]
    data = png.encode(grey.astype(np.uint16) * 257 if deep else grey)
    result = pipeline.edit(data, "happy", faces=[Box(80, 60, 80, 80)])
    after = png.decode16(result.data) if deep else opened(result.data)[..., None]
    before = png.decode16(data) if deep else grey
    assert after.shape == before.shape
    assert same_outside(before, after, [result.faces[0].changed])
    assert (after != before).any()


def test_the_paint_is_what_the_model_asked_for(pipeline: Pipeline) -> None:
    result = pipeline.edit(encoded(scene()), "happy")
    x, y, width, height = result.faces[0].changed
    red, green, blue = opened(result.data)[y + height // 2, x + width // 2].astype(int)
    # 0.25 * picture + (0.5, -0.4, 0.1) of -1 to 1, on a picture whose channels are unlike
    assert red > 150
    assert green < 110
    assert 80 < blue < 180


def test_intensity_nothing_gives_the_picture_back_whatever_is_asked_for(
    pipeline: Pipeline,
) -> None:
    """Also where the face was not neutral, which a named expression at 0 would make it."""
    picture = scene(faces=TWO)
    for expression in ("neutral", "happy", {"mouth_open": 1.0}):
        result = pipeline.edit(encoded(picture), expression, 0.0)
        np.testing.assert_array_equal(opened(result.data), picture)
    weaker, full = (opened(pipeline.edit(encoded(picture), "happy", i).data) for i in (0.1, 1.0))
    weak = np.abs(weaker.astype(int) - picture).sum()
    assert 0 < weak < np.abs(full.astype(int) - picture).sum()


def test_intensity_goes_from_nothing_upwards(pipeline: Pipeline) -> None:
    picture = scene()
    differences = []
    for intensity in (0.0, 0.3, 0.6, 1.0):
        result = pipeline.edit(encoded(picture), {"mouth_open": 1.0}, intensity)
        differences.append(np.abs(opened(result.data).astype(int) - picture).sum())
    assert differences[0] == 0
    assert differences == sorted(set(differences))


def test_a_model_that_changes_nothing_leaves_the_picture(pipeline: Pipeline) -> None:
    picture = scene()
    result = pipeline.edit(encoded(picture), "neutral")
    assert (opened(result.data) == picture).all()
    assert result.faces[0].changed == (0, 0, 0, 0)


def test_largest_is_one_face(pipeline: Pipeline) -> None:
    result = pipeline.edit(encoded(scene(faces=TWO)), "happy", faces="largest")
    (face,) = result.faces
    assert face.face.box.centre == pytest.approx((180, 130), abs=2)


def test_whoever_wants_the_largest_face_does_not_pay_for_small_ones(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, views = pipeline.engine.run, []

    def counted(model, inputs, timeout=None):
        views.append(len(inputs["image"]))
        return run(model, inputs, timeout)

    monkeypatch.setattr(pipeline.engine, "run", counted)
    picture = np.full((1_080, 1_920, 3), (90, 160, 70), np.uint8)
    picture[475:525, 575:625] = (255, 0, 255)  # a face of a tenth of the picture
    pipeline.edit(encoded(picture), "happy", faces="largest")
    assert views == [1, 1, 1]
    pipeline.edit(encoded(picture), "happy", faces="all")
    assert views[3:] == [1, 12, 1, 1]


def test_boxes_choose_the_faces(pipeline: Pipeline) -> None:
    picture = scene(faces=TWO)
    result = pipeline.edit(encoded(picture), "happy", faces=[Box(32, 32, 56, 56)])
    assert same_outside(picture, opened(result.data), [result.faces[0].changed])
    assert result.faces[0].changed[0] + result.faces[0].changed[2] < 110


def test_all_faces_are_one_run(model_repository: Path) -> None:
    class Counting(OnnxEngine):
        batches: list[int] = []  # noqa: RUF012

        def run(self, model, inputs, timeout=None):
            if model == "expression":
                self.batches.append(len(inputs["image"]))
            return super().run(model, inputs, timeout)

    engine = Counting(model_repository, threads=1)
    Pipeline(engine, Settings()).edit(encoded(scene(faces=TWO)), "happy")
    assert engine.batches == [2]


class Asked(OnnxEngine):
    """Keeps what the editor was asked for."""

    controls: list[np.ndarray]

    def run(self, model, inputs, timeout=None):
        if model == "expression":
            self.controls.append(inputs["control"])
        return super().run(model, inputs, timeout)


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A pipeline whose editor leaves brows and marks to be drawn."""
    folder = write_magenta_repository(tmp_path_factory.mktemp("leaving"), DRAWN)
    engine = Asked(folder, threads=1)
    engine.controls = []
    return Pipeline(engine, Settings())


@pytest.mark.parametrize("name", ["tears", "blush", "sweat", "vein"])
def test_what_the_network_leaves_is_drawn(leaving: Pipeline, name: str) -> None:
    picture = magenta_face()
    result = leaving.edit(encoded(picture), {name: 1.0})
    after, (face,) = opened(result.data), result.faces
    assert same_outside(picture, after, [face.changed])
    assert (np.abs(after.astype(int) - picture).max(axis=2) > 20).sum() > 30
    assert not leaving.engine.controls[-1].any()  # type: ignore[attr-defined]
    both = leaving.edit(encoded(picture), {name: 1.0, "shade": 1.0})
    (control,) = leaving.engine.controls[-1]  # type: ignore[attr-defined]
    assert np.flatnonzero(control).tolist() == [INDEX["shade"], SIZE + INDEX["shade"]]
    x, y, width, height = face.changed
    painted = leaving.edit(encoded(picture), {"shade": 1.0})
    there = (slice(y, y + height), slice(x, x + width))
    assert (opened(both.data)[there] != opened(painted.data)[there]).any()


def test_nothing_of_what_is_drawn_is_nothing(leaving: Pipeline) -> None:
    picture = with_alpha(magenta_face())
    for expression in ("crying", {"tears": 1.0, "brow_tilt_left": 1.0, "lid_upper_left": 0.0}):
        result = leaving.edit(encoded(picture), expression, 0.0)
        np.testing.assert_array_equal(opened(result.data), picture)
    changes = []
    for intensity in (0.1, 0.5, 1.0):
        result = leaving.edit(encoded(picture), {"tears": 1.0}, intensity)
        after = opened(result.data)
        assert same_outside(picture, after, [result.faces[0].changed])
        assert (after[..., 3] == picture[..., 3]).all()
        changes.append(np.abs(after.astype(int) - picture).sum())
    assert 0 < changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_pixel_outside_is_the_same_with_drawings_too(leaving: Pipeline, kind: str) -> None:
    data = KINDS[kind](magenta_face())
    for expression in ("crying", "embarrassed", {"vein": 1.0}):
        result = leaving.edit(data, expression)
        before, after = pixels(data), pixels(result.data)
        assert before.dtype == after.dtype
        assert same_outside(before, after, [result.faces[0].changed])
        assert (before != after).any()


def test_no_face_says_what_to_do(pipeline: Pipeline) -> None:
    with pytest.raises(NoFaceError, match="`faces`"):
        pipeline.edit(encoded(scene(faces=())), "happy")
    assert pipeline.faces(encoded(scene(faces=()))).faces == ()


@pytest.mark.parametrize(
    "box",
    [
        Box(500, 10, 50, 50),
        Box(-90, 10, 50, 50),
        Box(10, 10, 0, 50),
        Box(10, 10, -50, 50),
        Box(10, 10, 3, 3),
        Box(float("nan"), 10, 50, 50),
        Box(-4000, -4000, 8200, 8200),
    ],
)
def test_boxes_that_cannot_be(pipeline: Pipeline, box: Box) -> None:
    with pytest.raises(BoxError):
        pipeline.edit(encoded(scene()), "happy", faces=[box])


def test_the_number_of_boxes_is_limited(pipeline: Pipeline) -> None:
    for count in (0, 17):
        with pytest.raises(BoxError, match="at least 1 and at most 16"):
            pipeline.edit(encoded(scene()), "happy", faces=[Box(10, 10, 50, 50)] * count)


def test_unknown_names_and_values_out_of_range(pipeline: Pipeline) -> None:
    data = encoded(scene())
    with pytest.raises(UnknownExpressionError):
        pipeline.edit(data, "hungry")
    with pytest.raises(UnknownParameterError):
        pipeline.edit(data, {"nose": 1.0})
    with pytest.raises(IntensityError):
        pipeline.edit(data, {"mouth_open": 2.0})
    with pytest.raises(IntensityError):
        pipeline.edit(data, "happy", 1.6)
    with pytest.raises(UnknownModelError) as caught:
        pipeline.edit(data, "happy", model="finder")
    assert caught.value.known == ("expression",)


def test_a_repository_without_an_editor(tmp_path: Path) -> None:
    engine = OnnxEngine(tmp_path, threads=1)
    pipeline = Pipeline(engine, Settings())
    assert len(pipeline.missing()) == 2
    with pytest.raises(NoModelError):
        pipeline.edit(encoded(scene()), "happy")
    with pytest.raises(NoModelError):
        pipeline.faces(encoded(scene()))


def test_a_second_model_is_chosen_by_name_or_by_setting(tmp_path: Path) -> None:
    repository = write_magenta_repository(tmp_path / "models")
    card, weights = painting_editor("still")
    presets: dict[str, dict[str, float]] = {"happy": {}}
    assert card.control is not None
    control = card.control.model_copy(update={"presets": presets})
    write_model(repository, card.model_copy(update={"control": control}), weights)
    engine = OnnxEngine(repository, threads=1)
    data = encoded(scene())
    assert Pipeline(engine, Settings()).edit(data, "happy").faces[0].changed[2] > 0
    by_name = Pipeline(engine, Settings()).edit(data, "happy", model="still")
    by_setting = Pipeline(engine, Settings(model="still")).edit(data, "happy")
    assert by_name.faces[0].changed[2] == by_setting.faces[0].changed[2] == 0


def test_values_that_are_not_finite_are_an_error_of_the_model(model_repository: Path) -> None:
    class Broken(OnnxEngine):
        def run(self, model, inputs, timeout=None):
            outputs = super().run(model, inputs, timeout)
            if model == "expression":
                outputs["paint"] = outputs["paint"] * np.float32("nan")
            return outputs

    with pytest.raises(EngineError, match="not finite"):
        Pipeline(Broken(model_repository, threads=1), Settings()).edit(encoded(scene()), "happy")


def test_a_deadline_that_has_passed(pipeline: Pipeline) -> None:
    with pytest.raises(EngineTimeoutError):
        pipeline.edit(encoded(scene()), "happy", deadline=time.monotonic() - 1)


def test_work_that_nobody_waits_for_stops_at_the_next_stage(engine: OnnxEngine) -> None:
    cancellation, told = Cancellation(), []

    def leave(stage: str, seconds: float) -> None:
        told.append(stage)
        if stage == "find":
            cancellation.cancel()

    pipeline = Pipeline(engine, Settings(), leave)
    with working_under(cancellation), pytest.raises(EngineCancelledError):
        pipeline.edit(encoded(scene()), "happy")
    assert told == ["decode", "find"]


def test_no_stage_begins_after_the_deadline(engine: OnnxEngine) -> None:
    told: list[str] = []

    def dawdle(stage: str, seconds: float) -> None:
        told.append(stage)
        if stage == "align":
            time.sleep(max(0.0, deadline - time.monotonic()))

    deadline = time.monotonic() + 3
    with pytest.raises(EngineTimeoutError):
        Pipeline(engine, Settings(), dawdle).edit(encoded(scene()), "happy", deadline=deadline)
    assert told == ["decode", "find", "align"]


def test_stages_are_timed_and_told_also_when_they_fail(engine: OnnxEngine) -> None:
    told: list[str] = []
    pipeline = Pipeline(engine, Settings(), lambda stage, seconds: told.append(stage))
    assert tuple(pipeline.edit(encoded(scene()), "happy").timings) == STAGES
    assert tuple(told) == STAGES
    told.clear()
    with pytest.raises(ValueError):
        pipeline.faces(b"nothing of the kind")
    assert told == ["decode"]


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_are_those_of_the_picture_as_shown(pipeline: Pipeline, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    shown = scene(faces=((150, 60, 16),))
    turn = {3: 2, 6: 1, 8: -1}[orientation]
    stored = np.ascontiguousarray(np.rot90(shown, turn))
    result = pipeline.edit(encoded(stored, exif=exif), "happy")
    assert (result.width, result.height) == (240, 200)
    assert result.faces[0].face.box.centre == pytest.approx((150, 60), abs=2)
    assert same_outside(shown, opened(result.data), [result.faces[0].changed])


def test_the_profile_is_kept_and_obeyed(pipeline: Pipeline) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")
    picture = scene()
    own = np.ascontiguousarray(picture[..., [1, 0, 2]])  # the same colours under that profile
    plain = pipeline.edit(encoded(picture), "happy")
    result = pipeline.edit(encoded(own, icc_profile=swapped), "happy")
    image = Image.open(io.BytesIO(result.data))
    assert image.info["icc_profile"] == swapped
    assert result.faces[0].changed == plain.faces[0].changed
    assert same_outside(own, np.asarray(image), [result.faces[0].changed])
    difference = np.asarray(image)[..., [1, 0, 2]].astype(int) - opened(plain.data)
    assert np.abs(difference).max() <= 6


def test_both_engines_give_the_same_bytes(model_repository: Path, pipeline: Pipeline) -> None:
    with TritonStub(model_repository) as stub:
        engine = TritonEngine(stub.address)
        try:
            other = Pipeline(engine, Settings())
            for kind in ("png", "png with alpha"):
                data = KINDS[kind](scene(faces=TWO))
                assert other.edit(data, "sad").data == pipeline.edit(data, "sad").data
        finally:
            engine.close()
