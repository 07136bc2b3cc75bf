"""Translations that keep shares of the brightness and contrast of their pictures."""

import torch

from output import write_tensors
from pictures import smooth

SHARES = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.5], [0.25, 0.75]]
WEIGHTS = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
# as in the program
EPSILON = 1e-5


def luminance(picture):
    """`[height, width]` of `[channels, height, width]`."""
    weights = WEIGHTS if len(picture) == 3 else torch.ones(1, dtype=torch.float64)
    return torch.einsum("c,chw->hw", weights, picture)


def kept(picture, translation, brightness, contrast):
    """The translation with its shares of the picture's brightness and contrast."""
    seen, made = luminance(picture), luminance(translation)
    ratio = torch.sqrt((seen.var(correction=0) + EPSILON) / (made.var(correction=0) + EPSILON))
    target = made.mean() + brightness * (seen.mean() - made.mean())
    changed = target + (1 + contrast * (ratio - 1)) * (made - made.mean())
    return translation + (changed - made)


def make(folder):
    """Pictures in colour and grey, translations of another size, and what becomes of these, for each of the shares."""
    tensors = {}
    for name, seed, channels in (("colour", 940, 3), ("grey", 950, 1)):
        picture = 0.7 * smooth(seed, 1, channels, 19, 23)[0].double() - 0.2
        translation = 0.3 * smooth(seed + 1, 1, channels, 15, 22)[0].double() + 0.1
        tensors[f"{name}.picture"], tensors[f"{name}.translation"] = picture.float(), translation.float()
        picture, translation = (tensors[f"{name}.{side}"].double() for side in ("picture", "translation"))
        for index, shares in enumerate(SHARES):
            tensors[f"{name}.{index}"] = kept(picture, translation, *shares).float()
    write_tensors(folder, "luminance", tensors, shares=SHARES)
    print(f"luminance: {len(SHARES)} shares")
