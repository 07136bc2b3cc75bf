"""ResNet generator (Johnson et al. 2016, Zhu et al. 2017) with the published state-dict keys."""

from torch import nn

from blur import BlurDownsample, BlurUpsample
from norm import convolution_bias, norm_layer


class ResidualBlock(nn.Module):
    """Two reflect-padded 3x3 convolutions around a skip; no activation after the sum."""

    def __init__(self, channels, norm, dropout):
        super().__init__()
        bias = convolution_bias(norm)
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm_layer(norm, channels),
            nn.ReLU(),
            # takes a place, and so shifts the keys of what comes after it
            *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            norm_layer(norm, channels),
        )

    def forward(self, features):
        return features + self.conv_block(features)


class Resnet(nn.Module):
    """`[batch, inputs, h, w]` to `[batch, outputs, h, w]` in [-1, 1]; h and w divide by 4.

    With `blur` filters change the size, as in CUT (Park et al. 2020), and convolutions keep it.
    """

    def __init__(self, inputs, outputs, blocks, channels, norm, dropout=False, blur=False):
        super().__init__()
        bias = convolution_bias(norm)
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, channels, 7, bias=bias)]
        layers += [norm_layer(norm, channels), nn.ReLU()]
        for width in (channels, 2 * channels):
            layers += [nn.Conv2d(width, 2 * width, 3, stride=1 if blur else 2, padding=1, bias=bias)]
            layers += [norm_layer(norm, 2 * width), nn.ReLU()]
            layers += [BlurDownsample(2 * width)] if blur else []
        layers += [ResidualBlock(4 * channels, norm, dropout) for _ in range(blocks)]
        for width in (4 * channels, 2 * channels):
            if blur:
                layers += [BlurUpsample(width), nn.Conv2d(width, width // 2, 3, padding=1, bias=bias)]
            else:
                layers += [nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1, bias=bias)]
            layers += [norm_layer(norm, width // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(channels, outputs, 7, bias=True), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, picture):
        return self.model(picture)
