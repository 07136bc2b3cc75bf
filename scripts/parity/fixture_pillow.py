"""Pillow's bicubic and nearest resizes and its RGB to L conversion."""

import numpy as np
import torch
from PIL import Image

from output import write_tensors
from pictures import photo


def extremes(seed, height, width, channels):
    """Noise and hard black-white edges: the filter overshoots and must clip."""
    draw = np.random.default_rng(seed)
    picture = draw.integers(0, 256, (height, width, channels), dtype=np.uint8)
    picture[: height // 2, : width // 2] = 0
    picture[height // 4 : height // 2, width // 4 : width // 2] = 255
    return picture


def resize(picture, width, height, filter_):
    """`[h, w, c]` in and out, uint8."""
    channels = picture.shape[2]
    image = Image.fromarray(picture if channels == 3 else picture[:, :, 0])
    resized = np.asarray(image.resize((width, height), filter_))
    return resized.reshape(height, width, channels)


def labels(seed, height, width):
    """A label map of blobs with values 0 to 34."""
    draw = np.random.default_rng(seed)
    coarse = draw.integers(0, 35, (7, 9), dtype=np.uint8)
    rows = np.arange(height) * 7 // height
    columns = np.arange(width) * 9 // width
    return np.ascontiguousarray(coarse[rows][:, columns][:, :, None])


def colours():
    """`[64, 64, 3]`: greys, primaries and their mixtures, single-channel ramps, then random colours."""
    ramp = np.arange(256, dtype=np.uint8)
    zero = np.zeros(256, dtype=np.uint8)
    rows = [
        np.stack([ramp, ramp, ramp], 1),
        np.stack([ramp, zero, zero], 1),
        np.stack([zero, ramp, zero], 1),
        np.stack([zero, zero, ramp], 1),
    ]
    ends = (0, 1, 254, 255)
    rows.append(np.array([[r, g, b] for r in ends for g in ends for b in ends], dtype=np.uint8))
    known = np.concatenate(rows)
    draw = np.random.default_rng(803)
    random = draw.integers(0, 256, (64 * 64 - len(known), 3), dtype=np.uint8)
    return np.concatenate([known, random]).reshape(64, 64, 3)


def make(folder):
    """Each `source` stands beside its `resized`; the target size is the shape of `resized`."""
    tensors = {}

    def add(prefix, index, source, width, height, filter_):
        tensors[f"{prefix}source_{index}"] = torch.from_numpy(source.copy())
        tensors[f"{prefix}resized_{index}"] = torch.from_numpy(resize(source, width, height, filter_).copy())

    small, large = photo(800, 23, 37, 3), photo(801, 48, 64, 3)
    harsh = extremes(802, 31, 45, 3)
    colour_cases = [
        (small, 30, 30), (small, 72, 72), (small, 19, 11), (small, 143, 143), (small, 37, 11),
        (large, 30, 30), (large, 19, 11), (large, 96, 20), (large, 64, 30),
        (harsh, 30, 30), (harsh, 60, 50), (harsh, 20, 60), (harsh, 5, 3), (harsh, 1, 1),
    ]
    # Much less height, hardly less width or more: Pillow 13 resizes the columns first. The fifth is just not such a case.
    tall, harsh_tall = photo(808, 40, 24, 3), extremes(809, 44, 26, 3)
    colour_cases += [
        (tall, 20, 20), (harsh_tall, 22, 22), (harsh_tall, 30, 20), (harsh_tall, 20, 31), (harsh_tall, 20, 32),
    ]
    for index, (source, width, height) in enumerate(colour_cases):
        add("", index, source, width, height, Image.Resampling.BICUBIC)

    grey, harsh_grey = photo(804, 29, 41, 1), extremes(805, 26, 33, 1)
    grey_cases = [(grey, 57, 57), (grey, 17, 13), (grey, 30, 64), (harsh_grey, 72, 72), (harsh_grey, 11, 19), (harsh_grey, 31, 9)]
    for index, (source, width, height) in enumerate(grey_cases):
        add("grey_", index, source, width, height, Image.Resampling.BICUBIC)

    first, second = labels(806, 23, 37), labels(807, 48, 64)
    label_cases = [
        (first, 30, 30), (first, 72, 72), (first, 19, 11),
        (second, 30, 30), (second, 32, 24), (second, 72, 31),
    ]
    for index, (source, width, height) in enumerate(label_cases):
        add("label_", index, source, width, height, Image.Resampling.NEAREST)

    luma_source = colours()
    tensors["luma_source"] = torch.from_numpy(luma_source)
    luma = np.asarray(Image.fromarray(luma_source).convert("L"))
    tensors["luma"] = torch.from_numpy(luma.reshape(64, 64, 1).copy())
    write_tensors(folder, "pillow", tensors)
