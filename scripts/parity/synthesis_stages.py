"""Pictures made one after the other: LAPGAN's cascade (Denton et al. 2015) and StackGAN's second stage (Zhang et al. 2017)."""

import torch
from torch import nn
from torch.nn import functional

from norm import norm_layer
from synthesis import DcganDiscriminator, DcganGenerator

HIDDEN = 3


def enlarge(picture):
    """Twice the size, bilinear."""
    return functional.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False)


def reduce(picture):
    """Half the size, by means."""
    return functional.avg_pool2d(picture, 2)


class Normed(nn.Module):
    """A convolution with its norm."""

    def __init__(self, inputs, outputs, norm, kernel=3, stride=1):
        super().__init__()
        bias = norm in ("none", "spectral")
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=bias)
        self.norm = norm_layer(norm, outputs)

    def forward(self, features):
        return self.norm(self.conv(features))


class Detail(nn.Module):
    """A coarse picture with the detail that is made of it, a plane of noise and a plane from the classes."""

    def __init__(self, side, classes, channels, norm):
        super().__init__()
        self.side = side
        if classes:
            self.plane = nn.Conv2d(classes, side * side, 1)
        above = 4 + bool(classes)
        self.hidden = nn.ModuleList()
        for _ in range(HIDDEN):
            self.hidden.append(Normed(above, channels, norm))
            above = channels
        self.detail = nn.Conv2d(above, 3, 3, padding=1)

    def forward(self, noise, classes, coarse):
        planes = [coarse, noise.reshape(-1, 1, self.side, self.side)]
        if classes is not None:
            planes.append(self.plane(classes).reshape(-1, 1, self.side, self.side))
        features = torch.cat(planes, 1)
        for layer in self.hidden:
            features = functional.relu(layer(features))
        return coarse + self.detail(features)


class Coarsest(DcganGenerator):
    """The plain generator under the arguments of the others."""

    def forward(self, noise, classes, coarse):
        vectors = noise[:, :, None, None]
        return super().forward(vectors if classes is None else torch.cat([classes, vectors], 1))


class Cascade(nn.Module):
    """Pictures of the last of `sides`, from `[batch, values, 1, 1]`: classes, if any, and the noise of the levels one after the other."""

    def __init__(self, latent, classes, channels, sides, norm):
        super().__init__()
        self.classes = classes
        self.values = [latent] + [side * side for side in sides[1:]]
        wide = channels * sides[-1] // sides[0]
        self.levels = nn.ModuleDict({str(sides[0]): Coarsest(latent + classes, wide, sides[0], 3, norm)})
        for side in sides[1:]:
            self.levels[str(side)] = Detail(side, classes, channels, norm)

    def forward(self, inputs):
        classes, noise = inputs.split([self.classes, inputs.shape[1] - self.classes], 1)
        picture = None
        for part, level in zip(noise.flatten(1).split(self.values, 1), self.levels.values()):
            coarse = None if picture is None else enlarge(picture)
            picture = level(part, classes if self.classes else None, coarse)
        return picture


class CascadeJudges(nn.Module):
    """A discriminator for each level, at each size as wide as that of the largest pictures would be there."""

    def __init__(self, channels, sides, norm, condition, classes):
        super().__init__()
        wide = {side: channels * sides[-1] // side for side in sides}
        judges = {str(side): DcganDiscriminator(3, wide[side], side, norm, condition, classes) for side in sides}
        self.levels = nn.ModuleDict(judges)


class ConditionCode(nn.Module):
    """Codes of a condition, from a normal law that is linear in it."""

    def __init__(self, condition, length):
        super().__init__()
        self.linear = nn.Conv2d(condition, 2 * length, 1)

    def law(self, condition):
        return self.linear(condition).chunk(2, 1)

    def forward(self, condition, noise):
        mean, log_variance = self.law(condition)
        return mean + torch.exp(log_variance / 2) * noise

    def divergence(self, condition):
        """From the standard normal law, a mean over the batch."""
        mean, log_variance = self.law(condition)
        return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum() / len(condition)


class Block(nn.Module):
    """A residual block."""

    def __init__(self, channels, norm):
        super().__init__()
        self.conv1 = Normed(channels, channels, norm)
        self.conv2 = Normed(channels, channels, norm)

    def forward(self, features):
        return functional.relu(self.conv2(functional.relu(self.conv1(features))) + features)


class SecondStage(nn.Module):
    """Pictures of four times the size of coarse ones."""

    def __init__(self, condition, length, channels, norm, blocks=2):
        super().__init__()
        self.code = ConditionCode(condition, length)
        self.entry = nn.Conv2d(3, channels, 3, padding=1)
        self.halvings = nn.ModuleList(Normed(channels << n, channels << (n + 1), norm, 4, 2) for n in range(2))
        above = 4 * channels
        self.join = Normed(above + length, above, norm)
        self.blocks = nn.ModuleList(Block(above, norm) for _ in range(blocks))
        self.doublings = nn.ModuleList()
        for _ in range(4):
            below = max(above // 2, 1)
            self.doublings.append(Normed(above, below, norm))
            above = below
        self.colours = nn.Conv2d(above, 3, 3, padding=1)

    def forward(self, coarse, condition, noise):
        features = functional.relu(self.entry(coarse))
        for layer in self.halvings:
            features = functional.relu(layer(features))
        code = self.code(condition, noise).expand(-1, -1, *features.shape[2:])
        features = functional.relu(self.join(torch.cat([features, code], 1)))
        for block in self.blocks:
            features = block(features)
        for layer in self.doublings:
            features = functional.relu(layer(functional.interpolate(features, scale_factor=2)))
        return torch.tanh(self.colours(features))
