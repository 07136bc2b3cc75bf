"""Pictures that fade from one size to a larger one (Karras et al. 2018): between themselves and their smaller version."""

import torch
from torch.nn import functional

from output import write_tensors
from pictures import from_bytes, smooth, to_bytes

SEED = 990
CASES = [(2, 0.25), (4, 0.8125)]


def make(folder):
    """Averages of blocks, repeated, towards the pictures as they are."""
    pictures = from_bytes(to_bytes(smooth(SEED, 2, 3, 8, 12)))
    tensors = {"pictures": to_bytes(pictures)}
    for factor, share in CASES:
        smaller = functional.avg_pool2d(pictures, factor)
        repeated = functional.interpolate(smaller, scale_factor=factor, mode="nearest")
        tensors[f"by_{factor}"] = torch.lerp(repeated, pictures, share)
    write_tensors(folder, "growth", tensors)
