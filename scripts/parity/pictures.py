"""Synthetic pictures: smooth colour fields with some noise, from a seed."""

import numpy as np
import torch
from torch.nn import functional


def smooth(seed, count, channels, height, width, noise=0.15):
    """`[count, channels, height, width]` float32 in [-1, 1]."""
    draw = torch.Generator().manual_seed(seed)
    coarse = 1.2 * torch.randn(count, channels, 5, 5, generator=draw)
    field = functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=True)
    field = field + noise * torch.randn(field.shape, generator=draw)
    return field.clamp(-1.0, 1.0).contiguous()


def to_bytes(picture):
    """[-1, 1] to 0..255, rounded."""
    return torch.round((picture + 1.0) * 127.5).to(torch.uint8)


def from_bytes(picture):
    """0..255 to [-1, 1] as networks receive it."""
    return (picture.to(torch.float32) / 255.0 - 0.5) / 0.5


def training_data(seed, count, size):
    """RGB pictures for training; each value is that of a byte, so they can also be written as PNG files."""
    return from_bytes(to_bytes(smooth(seed, count, 3, size, size)))


def photo(seed, height, width, channels, noise=0.15):
    """uint8 `[height, width, channels]` numpy picture."""
    bytes_ = to_bytes(smooth(seed, 1, channels, height, width, noise))[0]
    return np.ascontiguousarray(bytes_.permute(1, 2, 0).numpy())
