"""Five pix2pix training steps on batches with minibatch discrimination (Salimans et al. 2016)."""

import functools

from fixture_pix2pix import trainer
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from trainer import STEPS, report, run
from unet import Unet
from weights import randomise

SIZE = 32
BATCH = 2
DOWNSAMPLINGS = 5
CHANNELS = {"generator": 1, "discriminator": 3}
LAYERS = 2
KERNELS = 4
SEED = 984


def build():
    """U-Net and PatchGAN with instance norm."""
    generator = Unet(3, 3, DOWNSAMPLINGS, CHANNELS["generator"], "instance")
    discriminator = PatchDiscriminator(6, CHANNELS["discriminator"], LAYERS, "instance", kernels=KERNELS)
    return {"generator": randomise(generator, SEED), "discriminator": randomise(discriminator, SEED + 1)}


def make(folder):
    """One run."""
    sides = [training_data(SEED + 2, BATCH * STEPS, SIZE), training_data(SEED + 3, BATCH * STEPS, SIZE)]
    data = [side.unflatten(0, (STEPS, BATCH)) for side in sides]
    tensors, content = run(build, functools.partial(trainer, gan="vanilla"), data)
    config = {
        "generator": {"downsamplings": DOWNSAMPLINGS, "channels": CHANNELS["generator"]},
        "discriminator": {"layers": LAYERS, "channels": CHANNELS["discriminator"]},
        "loss": {"kernels": KERNELS},
    }
    inputs = {"input_a": to_bytes(sides[0]), "input_b": to_bytes(sides[1])}
    write_tensors(folder, "training_minibatch", tensors | inputs)
    write_json(folder, "training_minibatch", {"config": config} | content)
    report("training_minibatch", content)
