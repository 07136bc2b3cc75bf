"""Small JPEG files and their pixels as Pillow (libjpeg-turbo) decodes them."""

import io

import numpy as np
import torch
from PIL import Image

from output import write_tensors
from pictures import photo


def encode(picture, **options):
    """JPEG bytes of a `[h, w, c]` picture."""
    image = Image.fromarray(picture if picture.shape[2] == 3 else picture[:, :, 0])
    target = io.BytesIO()
    image.save(target, "JPEG", **options)
    return target.getvalue()


def make(folder):
    """Chroma halved both ways, chroma full, grey."""
    files = {
        "quality75_420": encode(photo(950, 41, 49, 3, noise=0.05), quality=75, subsampling="4:2:0"),
        "quality90_444": encode(photo(951, 40, 48, 3, noise=0.05), quality=90, subsampling="4:4:4"),
        "grey": encode(photo(952, 40, 48, 1, noise=0.05), quality=85),
    }
    tensors = {}
    for name, data in files.items():
        pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        tensors[f"{name}.file"] = torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())
        tensors[f"{name}.pixels"] = torch.from_numpy(pixels.copy())
    write_tensors(folder, "pillow_jpeg", tensors)
