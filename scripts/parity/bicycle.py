"""Networks of BicycleGAN (Zhu et al. 2017) with the published state-dict keys."""

import torch
from torch import nn

from norm import norm_layer
from unet import widths


def with_code(picture, code):
    """One more channel for each number of the code, the same in all places."""
    return torch.cat([picture, code[:, :, None, None].expand(-1, -1, *picture.shape[2:])], dim=1)


def up_layers(inputs, outputs, norm):
    """ReLU and a transposed convolution that doubles the size, with a norm where `norm` is not None."""
    layers = [nn.ReLU(), nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)]
    return layers if norm is None else [*layers, norm_layer(norm, outputs)]


class LevelBelow(nn.Module):
    """A level of the U-Net with the code at its input alone: what comes back up, then its input, [up, skip]."""

    def __init__(self, level, width, norm):
        super().__init__()
        outer, inner = width[level - 1], width[level]
        innermost = level == len(width) - 1
        layers = [nn.LeakyReLU(0.2), nn.Conv2d(outer, inner, 4, stride=2, padding=1)]
        if not innermost:
            layers += [norm_layer(norm, inner), LevelBelow(level + 1, width, norm)]
        layers += up_layers(inner if innermost else 2 * inner, outer, norm)
        self.model = nn.Sequential(*layers)

    def forward(self, features):
        return torch.cat([self.model(features), features], dim=1)


class Outermost(nn.Module):
    """The first and the last convolution of that U-Net."""

    def __init__(self, inputs, outputs, width, norm):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(inputs, width[0], 4, stride=2, padding=1),
            LevelBelow(1, width, norm),
            *up_layers(2 * width[0], outputs, None),
            nn.Tanh(),
        )

    def forward(self, picture):
        return self.model(picture)


class UnetInput(nn.Module):
    """Picture `[batch, inputs, h, w]` and code `[batch, latent]` to a picture in [-1, 1]; the code goes in with the picture."""

    def __init__(self, inputs, outputs, latent, downsamplings, channels, norm):
        super().__init__()
        self.model = Outermost(inputs + latent, outputs, widths(channels, downsamplings), norm)

    def forward(self, picture, code):
        return self.model(with_code(picture, code))


class LevelWithCode(nn.Module):
    """A level, the outermost one included, whose convolution on the way down sees the code too."""

    def __init__(self, level, inputs, outputs, latent, width, norm):
        super().__init__()
        self.level = level
        inner = width[level]
        outermost, innermost = level == 0, level == len(width) - 1
        down = [] if outermost else [nn.LeakyReLU(0.2)]
        down += [nn.Conv2d(inputs + latent, inner, 4, stride=2, padding=1)]
        if not outermost and not innermost:
            down += [norm_layer(norm, inner)]
        self.down = nn.Sequential(*down)
        self.submodule = None if innermost else LevelWithCode(level + 1, inner, inner, latent, width, norm)
        up = up_layers(inner if innermost else 2 * inner, outputs, None if outermost else norm)
        self.up = nn.Sequential(*up, *([nn.Tanh()] if outermost else []))

    def forward(self, features, code):
        inside = self.down(with_code(features, code))
        if self.submodule is not None:
            inside = self.submodule(inside, code)
        made = self.up(inside)
        return made if self.level == 0 else torch.cat([made, features], dim=1)


class UnetAll(nn.Module):
    """As `UnetInput`, with the code at every level."""

    def __init__(self, inputs, outputs, latent, downsamplings, channels, norm):
        super().__init__()
        self.model = LevelWithCode(0, inputs, outputs, latent, widths(channels, downsamplings), norm)

    def forward(self, picture, code):
        return self.model(picture, code)


class EncoderBlock(nn.Module):
    """Half the size: two convolutions and the means of 2 x 2, added to means and a 1x1 convolution."""

    def __init__(self, inputs, outputs, norm):
        super().__init__()
        self.conv = nn.Sequential(
            norm_layer(norm, inputs),
            nn.LeakyReLU(0.2),
            nn.Conv2d(inputs, inputs, 3, padding=1),
            norm_layer(norm, inputs),
            nn.LeakyReLU(0.2),
            nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.AvgPool2d(2)),
        )
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1))

    def forward(self, features):
        return self.conv(features) + self.shortcut(features)


class CodeEncoder(nn.Module):
    """A picture to mean and logarithm of the variance of its code, `[batch, latent]` each.

    The published network takes means of 8 x 8, which is all that is left of its pictures: so are the means here.
    """

    def __init__(self, inputs, latent, downsamplings, channels, norm):
        super().__init__()
        width = [channels * min(4, index) for index in range(1, downsamplings + 1)]
        layers = [nn.Conv2d(inputs, channels, 4, stride=2, padding=1)]
        layers += [EncoderBlock(before, after, norm) for before, after in zip(width, width[1:])]
        self.conv = nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.AdaptiveAvgPool2d(1))
        self.fc = nn.Sequential(nn.Linear(width[-1], latent))
        self.fcVar = nn.Sequential(nn.Linear(width[-1], latent))

    def forward(self, picture):
        features = self.conv(picture).flatten(1)
        return self.fc(features), self.fcVar(features)
