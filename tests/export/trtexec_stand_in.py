"""Stands in for trtexec: takes its options, "builds" by copying the ONNX file, runs onnxruntime.

`STAND_IN` in the environment says how it misbehaves: `fail` ends with an error, `silent` exits with
0 and writes nothing, `off` answers with outputs that are wrong by a tenth, `nan` with none;
`smooth`, `sparse` and `large` are wrong for pictures that are not noise, for controls that are
mostly zero, and for batches of four and more.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import onnxruntime

KNOWN = {
    "onnx", "saveEngine", "minShapes", "optShapes", "maxShapes", "fp16", "noTF32", "skipInference",
    "loadEngine", "shapes", "loadInputs", "exportOutput", "iterations", "warmUp", "duration",
}  # fmt: skip


def main() -> int:
    options = dict(word.removeprefix("--").partition("=")[::2] for word in sys.argv[1:])
    if log := os.environ.get("STAND_IN_LOG"):
        with Path(log).open("a") as file:
            file.write(json.dumps(options) + "\n")
    how = os.environ.get("STAND_IN", "")
    print("&&&& RUNNING TensorRT.trtexec [TensorRT v100400]")
    if unknown := options.keys() - KNOWN:
        print(f"[E] Unknown option: {sorted(unknown)}\n&&&& FAILED TensorRT.trtexec")
        return 1
    if how == "fail":
        print("[I] Building\n[E] Error[4]: no kernel for node conv_7\n&&&& FAILED TensorRT.trtexec")
        return 1
    if how == "silent":
        return 0
    if "onnx" in options:
        Path(options["saveEngine"]).write_bytes(Path(options["onnx"]).read_bytes())
    else:
        run(options, how)
    print("&&&& PASSED TensorRT.trtexec")
    return 0


def run(options: dict[str, str], how: str) -> None:
    shapes = dict(entry.split(":") for entry in options["shapes"].split(","))
    files = dict(entry.split(":", 1) for entry in options["loadInputs"].split(","))
    feed = {
        name: np.fromfile(file, np.float32).reshape([int(n) for n in shapes[name].split("x")])
        for name, file in files.items()
    }
    wrong_for = {
        "off": True,
        "smooth": np.abs(np.diff(feed["image"], axis=-1)).mean() < 0.4,  # noise has 0.67
        "sparse": "control" in feed and (feed["control"] == 0).mean() > 0.5,
        "large": len(feed["image"]) > 3,
    }
    add = float("nan") if how == "nan" else 0.1 * wrong_for.get(how, False)
    session = onnxruntime.InferenceSession(options["loadEngine"])
    answer = []
    for tensor, values in zip(session.get_outputs(), session.run(None, feed), strict=True):
        wrong = values + add
        dimensions = "x".join(map(str, values.shape))
        answer.append(
            {"name": tensor.name, "dimensions": dimensions, "values": wrong.reshape(-1).tolist()}
        )
    Path(options["exportOutput"]).write_text(json.dumps(answer))


if __name__ == "__main__":
    sys.exit(main())
