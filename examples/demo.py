"""One picture in, every expression out: starts a gateway, asks it through the SDK, draws a sheet.

`make demo` runs this with the weights in `model_repository/`. It needs no torch.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import httpx
from PIL import Image, ImageDraw, ImageFont, ImageOps

from celmood import Box, Celmood, CelmoodError, ServiceError
from faces.depth import eight_bits

ROOT: Final = Path(__file__).resolve().parent.parent
LISTENING: Final = "celmood listening on "
START_SECONDS: Final = 60.0
READY_SECONDS: Final = 10.0
STOP_SECONDS: Final = 15.0

CELL: Final = 420
SQUARE: Final = 14
GAP: Final = 12
LABEL: Final = 40
HEAD: Final = 1.9
"""Side of a cell's crop in sides of the face box: hair above, shoulders below."""

GROUND: Final = (250, 250, 251)
CHECK: Final = (236, 236, 240)
INK: Final = (40, 40, 48)


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit code: 0, 1 if it could not be done, 130 if interrupted."""
    options = _parser().parse_args(arguments)
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore SIGINT
        signal.signal(stop, _interrupt)
    try:
        _run(options.picture, options.out, options.expressions, options.model_repository)
    except ServiceError as error:
        print(f"the gateway refused: {error} (request {error.request_id})", file=sys.stderr)
        return 1
    except (DemoError, CelmoodError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    return 0


def _run(picture: Path, out: Path, wanted: Sequence[str], repository: Path) -> None:
    begin = time.perf_counter()
    if not picture.is_file():
        raise DemoError(f"no picture at {picture}")
    folder = out / picture.stem
    with running_gateway(repository) as url:
        _report("start", begin, url)
        stages: Counter[str] = Counter()
        results: dict[str, Path] = {}
        boxes: list[Box] = []
        with Celmood(base_url=url) as client:
            for name in wanted or client.expressions():
                start = time.perf_counter()
                result = client.edit(picture, expression=name, format="png")
                folder.mkdir(parents=True, exist_ok=True)
                results[name] = result.save(folder / f"{picture.stem}-{name}.png")
                boxes = [face.box for face in result.faces]
                stages.update({stage: round(1e6 * s) for stage, s in result.timings.items()})
                _report(name, start, f"{len(boxes)} face{'s' if len(boxes) != 1 else ''}")
    if not results:
        raise DemoError("the gateway serves no model that edits expressions")
    told = ", ".join(f"{stage} {micros / 1e6:.2f} s" for stage, micros in stages.items())
    print(f"  of which in the gateway: {told}")
    start = time.perf_counter()
    sheet = folder / "sheet.png"
    _save(draw_sheet({"input": picture, **results}, boxes), sheet)
    _report("sheet", start, str(sheet))
    _report("total", begin, f"{len(results)} pictures and the sheet in {folder}")


@contextmanager
def running_gateway(repository: Path) -> Iterator[str]:
    """A gateway on a free port, ready; gives its address. Raises DemoError. Stopped at the end."""
    command = [sys.executable, "-m", "serving", "--port", "0"]
    command += ["--model-repository", str(repository.resolve())]
    environment = {**os.environ, "ORT_DISABLE_TELEMETRY": "1"}
    # A session of its own: Ctrl-C reaches this process, which then stops the gateway.
    gateway = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        url = _address(gateway)
        _wait_until_ready(url)
        yield url
    finally:
        gateway.terminate()
        try:
            gateway.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            gateway.kill()
            gateway.wait()


def _address(gateway: subprocess.Popen[str]) -> str:
    """The address that the gateway prints once it listens. Raises DemoError."""
    output = gateway.stdout
    assert output is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in output:  # to the end, so that the gateway never waits for a reader
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise DemoError(f"the gateway did not listen within {START_SECONDS:.0f} s") from None
        if not line:
            raise DemoError(f"the gateway ended with exit code {gateway.wait()}; it says why above")
        if line.startswith(LISTENING):
            return line.removeprefix(LISTENING).strip()


def _wait_until_ready(url: str) -> None:
    """Return once `/readyz` says so. Raises DemoError with what it says otherwise."""
    until = time.monotonic() + READY_SECONDS
    while True:
        answer = httpx.get(f"{url}/readyz", timeout=READY_SECONDS)
        if answer.is_success:
            return
        if time.monotonic() > until:
            raise DemoError(f"the gateway is not ready: {answer.json()['detail']}")
        time.sleep(0.2)


def draw_sheet(pictures: dict[str, Path], faces: Sequence[Box]) -> Image.Image:
    """A grid of the heads in `pictures`, labelled; all pictures are cropped alike."""
    columns = min(len(pictures), min(range(3, 7), key=lambda n: (-len(pictures) % n, abs(n - 5))))
    rows = -(-len(pictures) // columns)
    pitch, step = CELL + GAP, CELL + LABEL + GAP
    sheet = Image.new("RGB", (columns * pitch + GAP, rows * step + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(24)
    for index, (name, path) in enumerate(pictures.items()):
        left, top = GAP + index % columns * pitch, GAP + index // columns * step
        with Image.open(path) as picture:
            sheet.paste(_cell(picture, faces), (left, top))
        pen.text((left + CELL / 2, top + CELL + LABEL / 2), name, INK, font, anchor="mm")
    return sheet


def _cell(picture: Image.Image, faces: Sequence[Box]) -> Image.Image:
    """The square around the faces, CELL pixels wide, over light checks where it is transparent."""
    shown = eight_bits(ImageOps.exif_transpose(picture)).convert("RGBA")
    head = shown.crop(_around(faces, shown.size)).resize((CELL, CELL), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", head.size, GROUND)
    pen = ImageDraw.Draw(ground)
    for y in range(0, CELL, SQUARE):
        for x in range(y % (2 * SQUARE), CELL, 2 * SQUARE):
            pen.rectangle((x, y, x + SQUARE - 1, y + SQUARE - 1), CHECK)
    return Image.alpha_composite(ground, head).convert("RGB")


def _around(faces: Sequence[Box], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a square around all faces, inside the picture if it fits."""
    left, top = min(face.x for face in faces), min(face.y for face in faces)
    right = max(face.x + face.width for face in faces)
    bottom = max(face.y + face.height for face in faces)
    margin = (HEAD - 1) * max(max(face.width, face.height) for face in faces)
    side = min(round(max(right - left, bottom - top) + margin), max(size))
    corner = []
    for middle, extent in (((left + right) / 2, size[0]), ((top + bottom) / 2, size[1])):
        start = round(middle - side / 2)
        spare = extent - side
        corner.append(min(max(start, 0), spare) if spare >= 0 else spare // 2)
    return corner[0], corner[1], corner[0] + side, corner[1] + side


def _save(image: Image.Image, path: Path) -> None:
    """Write beside `path` and rename."""
    beside = path.with_name(f".{path.name}.part")
    image.save(beside, "PNG")
    beside.replace(path)


def _report(stage: str, start: float, told: str) -> None:
    print(f"{stage:<12} {time.perf_counter() - start:6.2f} s   {told}", flush=True)


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write a picture with every expression.")
    parser.add_argument(
        "--picture", type=Path, default=ROOT / "examples" / "sprite.png", help="PNG, JPEG or WebP"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "demo", help="(out/demo)")
    parser.add_argument(
        "--expressions", type=_names, default=(), metavar="A,B", help="all that the model knows"
    )
    parser.add_argument("--model-repository", type=Path, default=ROOT / "model_repository")
    return parser


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


if __name__ == "__main__":
    sys.exit(main())
