"""Five pix2pix training steps with spectral norm in both networks (Miyato et al. 2018), hinge loss."""

import functools

import torch

from fixture_pix2pix import trainer
from norm import normalise_weights
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from trainer import STEPS, report, run
from unet import Unet
from weights import randomise

SIZE = 32
DOWNSAMPLINGS = 5
GENERATOR_CHANNELS = 1
DISCRIMINATOR_CHANNELS = 3
DISCRIMINATOR_LAYERS = 2
SEED = 550


def build():
    """U-Net and PatchGAN without norms after their convolutions."""
    generator = randomise(Unet(3, 3, DOWNSAMPLINGS, GENERATOR_CHANNELS, "spectral"), SEED)
    discriminator = PatchDiscriminator(6, DISCRIMINATOR_CHANNELS, DISCRIMINATOR_LAYERS, "spectral")
    return {
        "generator": normalise_weights(generator, SEED + 1),
        "discriminator": normalise_weights(randomise(discriminator, SEED + 2), SEED + 3),
    }


def make(folder):
    """One run, and what the trained generator makes of the first picture in evaluation mode."""
    data = (training_data(SEED + 4, STEPS, SIZE), training_data(SEED + 5, STEPS, SIZE))
    tensors, content = run(build, functools.partial(trainer, gan="hinge"), data)
    generator = build()["generator"]
    prefix = "final.generator."
    generator.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    with torch.no_grad():
        output = generator.eval()(data[0][:1])
    config = {
        "generator": {"downsamplings": DOWNSAMPLINGS, "channels": GENERATOR_CHANNELS},
        "discriminator": {"layers": DISCRIMINATOR_LAYERS, "channels": DISCRIMINATOR_CHANNELS},
    }
    pictures = {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1]), "output": output}
    write_tensors(folder, "training_spectral", tensors | pictures)
    write_json(folder, "training_spectral", {"config": config} | content)
    report("training_spectral", content)
