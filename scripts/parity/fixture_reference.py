"""Five pix2pix training steps on batches with virtual and reference batch normalisation (Salimans et al. 2016)."""

import functools

import torch

from fixture_pix2pix import trainer
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from reference_norm import with_reference
from trainer import STEPS, report, run
from unet import Unet
from weights import randomise

SIZE = 32
BATCH = 2
REFERENCE_BATCH = 3
DOWNSAMPLINGS = 5
CHANNELS = {"generator": 1, "discriminator": 3}
LAYERS = 2
SEED = 970


def reference():
    """Pictures of both sides."""
    return [training_data(SEED + number, REFERENCE_BATCH, SIZE) for number in (4, 5)]


def build():
    """U-Net with virtual and PatchGAN with reference batch norm."""
    a, b = reference()
    generator = Unet(3, 3, DOWNSAMPLINGS, CHANNELS["generator"], "virtual_batch")
    discriminator = PatchDiscriminator(6, CHANNELS["discriminator"], LAYERS, "reference_batch")
    return {
        "generator": with_reference(randomise(generator, SEED), a),
        "discriminator": with_reference(randomise(discriminator, SEED + 1), torch.cat([a, b], 1)),
    }


def make(folder):
    """One run."""
    sides = [training_data(SEED + number, BATCH * STEPS, SIZE) for number in (2, 3)]
    data = [side.unflatten(0, (STEPS, BATCH)) for side in sides]
    tensors, content = run(build, functools.partial(trainer, gan="vanilla"), data)
    config = {
        "generator": {"downsamplings": DOWNSAMPLINGS, "channels": CHANNELS["generator"]},
        "discriminator": {"layers": LAYERS, "channels": CHANNELS["discriminator"]},
        "loss": {},
    }
    inputs = {"input_a": to_bytes(sides[0]), "input_b": to_bytes(sides[1])}
    pictures = {f"reference_{side}": to_bytes(batch) for side, batch in zip("ab", reference())}
    write_tensors(folder, "training_reference", tensors | inputs | pictures)
    write_json(folder, "training_reference", {"config": config} | content)
    report("training_reference", content)
