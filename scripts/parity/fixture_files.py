"""Small JPEG files of all kinds, a lossy WebP file, and their pixels as Pillow decodes them."""

import io

import numpy as np
import torch
from PIL import Image

from output import write_tensors
from pictures import photo


def encode(picture, mode=None, format="JPEG", **options):
    """The file of a `[h, w, c]` picture."""
    image = Image.fromarray(picture if picture.shape[2] == 3 else picture[:, :, 0])
    target = io.BytesIO()
    image.convert(mode or image.mode).save(target, format, **options)
    return target.getvalue()


def segment(data, marker):
    """Position of the contents of the first segment with this marker."""
    position = 2
    while data[position + 1] != marker:
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return position + 4


def resampled(data, sampling, width, height):
    """
    The same blocks with other sampling factors of the first component. Pillow writes neither 4:4:0 nor 4:1:1, but as many blocks
    make a unit of 4:4:0 as of 4:2:2, and of 4:1:1 as of 4:2:0; they only lie elsewhere.
    """
    data = bytearray(data)
    frame = segment(data, 0xC0)
    data[frame + 1 : frame + 5] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    data[frame + 7] = sampling
    return bytes(data)


def transformed(data):
    """A CMYK file whose header says that it is YCCK: the Adobe segment's last byte."""
    data = bytearray(data)
    data[segment(data, 0xEE) + 11] = 2
    return bytes(data)


def make(folder):
    """Every subsampling, odd sizes, progressive, restart markers, grey, RGB without transform, CMYK and YCCK."""
    picture = photo(950, 21, 35, 3, noise=0.3)
    cmyk = encode(picture, "CMYK", quality=90)
    files = {
        "444": encode(photo(951, 16, 24, 3, noise=0.3), quality=90, subsampling="4:4:4"),
        "422": encode(picture, quality=85, subsampling="4:2:2"),
        "420": encode(picture, quality=75, subsampling="4:2:0"),
        "440": resampled(encode(picture, quality=85, subsampling="4:2:2"), 0x12, 19, 41),
        "411": resampled(encode(picture, quality=95, subsampling="4:2:0"), 0x41, 70, 13),
        "one_pixel": encode(photo(953, 1, 1, 3), quality=75, subsampling="4:2:0"),
        "narrow": encode(photo(954, 33, 2, 3, noise=0.3), quality=30, subsampling="4:2:0"),
        "restart_markers": encode(picture, quality=50, subsampling="4:2:0", restart_marker_blocks=2),
        "progressive": encode(picture, quality=90, subsampling="4:2:0", progressive=True),
        "progressive_422": encode(picture, quality=100, subsampling="4:2:2", progressive=True),
        "grey": encode(photo(952, 21, 35, 1, noise=0.3), quality=85),
        "rgb": encode(picture, quality=75, keep_rgb=True),
        "cmyk": cmyk,
        "ycck": transformed(cmyk),
        "webp": encode(picture, format="WEBP", quality=60),
    }
    tensors = {}
    for name, data in files.items():
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        tensors[f"{name}.file"] = torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())
        tensors[f"{name}.pixels"] = torch.from_numpy(pixels.copy())
    write_tensors(folder, "pillow_files", tensors)
