"""A cascade that OpenCV runs as it runs that of anime faces, and pictures of what it sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from faces.canvas import Canvas


def write_cascade(path: Path, weight: float) -> Path:
    """Write a cascade of one stage, which weighs `weight`: the middle third of a window is bright.

    An LBP feature compares eight blocks with the one between them; code 0 says that all are darker.
    """
    path.write_text(
        f"""<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier">
  <stageType>BOOST</stageType><featureType>LBP</featureType>
  <height>24</height><width>24</width>
  <stageParams><maxWeakCount>1</maxWeakCount></stageParams>
  <featureParams><maxCatCount>256</maxCatCount></featureParams>
  <stageNum>1</stageNum>
  <stages><_><maxWeakCount>1</maxWeakCount><stageThreshold>0.</stageThreshold>
    <weakClassifiers><_>
      <internalNodes>0 -1 0 1 0 0 0 0 0 0 0</internalNodes>
      <leafValues>{weight} -1.</leafValues>
    </_></weakClassifiers></_></stages>
  <features><_><rect>0 0 8 8</rect></_></features>
</cascade></opencv_storage>"""
    )
    return path


def spotted(*spots: tuple[int, int, int], width: int = 900, height: int = 640) -> Canvas:
    """Grey with bright squares: middle x, middle y, side."""
    pixels = np.full((height, width, 3), 60, np.uint8)
    for x, y, side in spots:
        pixels[y - side // 2 : y + side // 2, x - side // 2 : x + side // 2] = 250
    return Canvas(pixels)
