"""Heads and loss of contrastive unpaired translation (Park et al. 2020)."""

import torch
from torch import nn
from torch.nn import functional


class PatchHeads(nn.Module):
    """Two linear layers for each compared layer, then length 1; the published state-dict keys."""

    def __init__(self, channels, outputs):
        super().__init__()
        for index, inputs in enumerate(channels):
            head = nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Linear(outputs, outputs))
            setattr(self, f"mlp_{index}", head)

    def forward(self, index, rows):
        rows = getattr(self, f"mlp_{index}")(rows)
        return rows / (rows.square().sum(1, keepdim=True).sqrt() + 1e-7)


def encoded(generator, picture, places):
    """What the layers of `generator` at these places give; a `Resnet`."""
    found = []
    for place, layer in enumerate(generator.model[: places[-1] + 1]):
        picture = layer(picture)
        if place in places:
            found.append(picture)
    return found


def patch_nce(heads, queries, keys, temperature):
    """Mean over layers: each place of one picture against all others, every place of a layer."""
    losses = []
    for index, (query, key) in enumerate(zip(queries, keys)):
        query, key = (heads(index, side.flatten(2)[0].T) for side in (query, key.detach()))
        likeness = query @ key.detach().T / temperature
        losses.append(functional.cross_entropy(likeness, torch.arange(len(query))))
    return sum(losses) / len(losses)
