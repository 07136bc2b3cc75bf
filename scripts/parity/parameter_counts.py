"""Published parameter counts of the full-size networks."""

import torch

from patchgan import PatchDiscriminator
from pix2pixhd import GlobalGenerator, LocalEnhancer, MultiscaleDiscriminator
from resnet import Resnet
from unet import Unet

KNOWN = [
    ("unet_256, batch, 3 to 3", lambda: Unet(3, 3, 8, 64, "batch"), 54_413_955),
    ("resnet_9blocks, instance, 3 to 3", lambda: Resnet(3, 3, 9, 64, "instance"), 11_378_179),
    ("resnet_6blocks, instance, 3 to 3", lambda: Resnet(3, 3, 6, 64, "instance"), 7_837_699),
    ("PatchGAN of 3 layers, batch, 6 channels", lambda: PatchDiscriminator(6, 64, 3, "batch"), 2_768_705),
    ("PatchGAN of 3 layers, instance, 3 channels", lambda: PatchDiscriminator(3, 64, 3, "instance"), 2_764_737),
    ("pix2pixHD global, 36 to 3", lambda: GlobalGenerator(36, 3, 64, 4, 9), 182_546_755),
    ("pix2pixHD local, 36 to 3", lambda: LocalEnhancer(36, 3, 32, 4, 9, 1, 3), 182_857_059),
    ("pix2pixHD discriminator, 2 scales", lambda: MultiscaleDiscriminator(39, 64, 3, 2), 5_603_202),
    ("pix2pixHD discriminator, 3 scales", lambda: MultiscaleDiscriminator(39, 64, 3, 3), 8_404_803),
    ("pix2pixHD encoder", lambda: GlobalGenerator(3, 3, 16, 4, 0), 788_803),
]

UNET_256_TENSORS = 43


def check():
    """Fails unless every network has the published number of parameters; allocates nothing."""
    for name, build, expected in KNOWN:
        with torch.device("meta"):
            network = build()
        count = sum(parameter.numel() for parameter in network.parameters())
        print(f"{name}: {count} parameters")
        assert count == expected, f"{name}: {count} parameters, published {expected}"
    with torch.device("meta"):
        tensors = len(list(Unet(3, 3, 8, 64, "batch").parameters()))
    assert tensors == UNET_256_TENSORS, f"unet_256: {tensors} tensors, published {UNET_256_TENSORS}"
