"""Sliced Wasserstein loss between patches of Laplacian levels, with pools (after Rabin et al. 2011, Heitz et al. 2021)."""

import torch
from torch.nn import functional

PATCH = 7
MIN_SIDE = 8


def binomial(picture, gain):
    """Weights 1 4 6 4 1 in both directions, the border mirrored."""
    row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], dtype=picture.dtype)
    kernel = gain * torch.outer(row, row) / 256
    channels = picture.shape[1]
    bordered = functional.pad(picture, (2, 2, 2, 2), mode="reflect")
    return functional.conv2d(bordered, kernel.repeat(channels, 1, 1, 1), groups=channels)


def laplacian(picture):
    """Details at halved sizes, then what remains."""
    levels = []
    while min(picture.shape[2:]) // 2 >= MIN_SIDE:
        half = binomial(picture, 1.0)[:, :, ::2, ::2]
        spread = torch.zeros_like(picture)
        spread[:, :, ::2, ::2] = half
        levels.append(picture - binomial(spread, 4.0))
        picture = half
    return [*levels, picture]


def patches(level, places):
    """`[batch * places, numbers]`, places counted row by row."""
    columns = functional.unfold(level, PATCH)[:, :, places]
    return columns.transpose(1, 2).flatten(0, 1)


def quantile(ordered, rank):
    place = (rank * len(ordered) - 0.5).clamp(0, len(ordered) - 1)
    below = place.floor().long()
    above = (below + 1).clamp(max=len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


class SlicedWasserstein:
    """Pools of `kept` patches of each picture; those of the last `pictures` translations and `targets` of real pictures."""

    def __init__(self, kept, pictures, targets):
        self.kept, self.pictures, self.targets = kept, pictures, targets
        self.pools = {}

    def pooled(self, side, index, rows, most):
        earlier = self.pools.get((side, index), rows[:0])
        self.pools[side, index] = torch.cat([earlier, rows])[-most:]
        return self.pools[side, index]

    def __call__(self, fake, real, draws):
        terms = []
        for index, (fake, real, draw) in enumerate(zip(laplacian(fake), laplacian(real), draws)):
            directions, places = draw
            kept = places[: self.kept]
            own = self.pooled("fake", index, patches(fake.detach(), kept), self.pictures * len(kept))
            target = self.pooled("real", index, patches(real, kept), self.targets)
            channels = target.reshape(len(target), -1, PATCH * PATCH)
            deviation = channels.std((0, 2), unbiased=False).clamp(min=1e-3)
            directions = (directions.reshape(len(directions), -1, PATCH * PATCH) / deviation[:, None]).flatten(1)
            values, own, target = (rows @ directions.T for rows in (patches(fake, places), own, target))
            for column in range(len(directions)):
                value, pool = values[:, column], own[:, column]
                # to rounding: what lies in the pool too is its own equal
                less = (pool[None] < value.detach()[:, None] - 1e-5).double().mean(1)
                not_more = (pool[None] <= value.detach()[:, None] + 1e-5).double().mean(1)
                goal = quantile(target[:, column].sort().values, (less + not_more) / 2)
                terms.append((value - goal).square().mean())
        return sum(terms) / len(terms)
