"""Five pix2pix training steps with both kinds of feature matching (Wang et al. 2018, Salimans et al. 2016)."""

import functools

import torch
from torch import nn
from torch.nn import functional

from fixture_pix2pix import trainer
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from trainer import STEPS, report, run
from unet import Unet
from weights import randomise

SIZE = 32
DOWNSAMPLINGS = 5
CHANNELS = {"generator": 1, "discriminator": 3}
LAYERS = 2
WEIGHTS = {"feature_matching": 5.0, "feature_means": 20.0}
SEED = 960


def build():
    """U-Net and PatchGAN with instance norm."""
    generator = Unet(3, 3, DOWNSAMPLINGS, CHANNELS["generator"], "instance")
    discriminator = PatchDiscriminator(6, CHANNELS["discriminator"], LAYERS, "instance")
    return {"generator": randomise(generator, SEED), "discriminator": randomise(discriminator, SEED + 1)}


def features(discriminator, pair):
    """The output of every activation."""
    found = []
    for stage in discriminator.model:
        pair = stage(pair)
        if isinstance(stage, nn.LeakyReLU):
            found.append(pair)
    return found


def matching(discriminator, real, fake):
    """By layers on the scale of four of them, and by means of the last one over pictures and places."""
    of_fake = features(discriminator, fake)
    with torch.no_grad():
        of_real = features(discriminator, real)
    distances = [functional.l1_loss(a, b) for a, b in zip(of_fake, of_real)]
    means = of_fake[-1].mean((0, 2, 3)) - of_real[-1].mean((0, 2, 3))
    return {
        "G_GAN_Feat": WEIGHTS["feature_matching"] * 4.0 / len(distances) * sum(distances),
        "G_means": WEIGHTS["feature_means"] * means.square().sum(),
    }


def make(folder):
    """One run."""
    data = (training_data(SEED + 2, STEPS, SIZE), training_data(SEED + 3, STEPS, SIZE))
    tensors, content = run(build, functools.partial(trainer, gan="lsgan", matching=matching), data)
    config = {
        "generator": {"downsamplings": DOWNSAMPLINGS, "channels": CHANNELS["generator"]},
        "discriminator": {"layers": LAYERS, "channels": CHANNELS["discriminator"]},
        "loss": WEIGHTS,
    }
    write_tensors(folder, "training_features", tensors | {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1])})
    write_json(folder, "training_features", {"config": config} | content)
    report("training_features", content)
