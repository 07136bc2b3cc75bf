"""SRResNet (Ledig et al. 2017) with the state-dict keys of a public implementation (sgrvinod's tutorial)."""

from torch import nn

from norm import norm_layer


def block(inputs, outputs, kernel, norm=None, activation=None):
    """A convolution that keeps the size, with a bias; then, where there are such, a norm and an activation."""
    stages = [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)]
    if norm not in (None, "none", "spectral"):
        stages.append(norm_layer(norm, outputs))
    if activation is not None:
        stages.append(activation)
    holder = nn.Module()
    holder.conv_block = nn.Sequential(*stages)
    holder.forward = holder.conv_block.forward
    return holder


class Residual(nn.Module):
    """Two convolutions around a skip, nothing after the sum."""

    def __init__(self, channels, norm):
        super().__init__()
        self.conv_block1 = block(channels, channels, 3, norm, nn.PReLU())
        self.conv_block2 = block(channels, channels, 3, norm)

    def forward(self, features):
        return features + self.conv_block2(self.conv_block1(features))


class Doubling(nn.Module):
    """A convolution whose channels become pixels."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 4 * channels, 3, padding=1)
        self.pixel_shuffle = nn.PixelShuffle(2)
        self.prelu = nn.PReLU()

    def forward(self, features):
        return self.prelu(self.pixel_shuffle(self.conv(features)))


class Srresnet(nn.Module):
    """`[batch, inputs, h, w]` to `[batch, outputs, scale * h, scale * w]` in [-1, 1]."""

    def __init__(self, inputs, outputs, blocks, channels, norm, scale):
        super().__init__()
        self.conv_block1 = block(inputs, channels, 9, activation=nn.PReLU())
        self.residual_blocks = nn.Sequential(*[Residual(channels, norm) for _ in range(blocks)])
        self.conv_block2 = block(channels, channels, 3, norm)
        doublings = scale.bit_length() - 1
        self.subpixel_convolutional_blocks = nn.Sequential(*[Doubling(channels) for _ in range(doublings)])
        self.conv_block3 = block(channels, outputs, 9, activation=nn.Tanh())

    def forward(self, picture):
        stem = self.conv_block1(picture)
        features = stem + self.conv_block2(self.residual_blocks(stem))
        return self.conv_block3(self.subpixel_convolutional_blocks(features))
