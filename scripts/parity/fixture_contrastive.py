"""Five training steps of CUT and of FastCUT (Park et al. 2020), batch 1, comparing every place."""

import torch
from torch.optim.swa_utils import AveragedModel

from contrastive import PatchHeads, encoded, patch_nce
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from resnet import Resnet
from trainer import BETAS, EPSILON, LEARNING_RATE, STEPS, adam, report, require_gradient, run
from weights import randomise, state

SIZE = 16
BLOCKS = 6
GENERATOR_CHANNELS = 2
DISCRIMINATOR_CHANNELS = 4
DISCRIMINATOR_LAYERS = 2
HEAD_CHANNELS = 8
LAYERS = [0, 4, 8, 12, 16]
LAYER_CHANNELS = [3, 4, 8, 8, 8]
TEMPERATURE = 0.07
# share that each step's average keeps, once the first steps are over
EMA = 0.3
# the steps in which the program mirrors the input, with seed 0
FLIPPED = [False, False, True, True, True]
# chosen so that no gradient is so small that rounding decides its sign, which Adam would turn into full-size updates
SEEDS = {"training_cut": 920, "training_fastcut": 916}


def build(seed):
    """Generator, discriminator and heads; filters change the sizes."""

    def networks():
        generator = Resnet(3, 3, BLOCKS, GENERATOR_CHANNELS, "instance", blur=True)
        discriminator = PatchDiscriminator(
            3, DISCRIMINATOR_CHANNELS, DISCRIMINATOR_LAYERS, "instance", blur=True
        )
        return {
            "generator": randomise(generator, seed),
            "discriminator": randomise(discriminator, seed + 1),
            "heads": randomise(PatchHeads(LAYER_CHANNELS, HEAD_CHANNELS), seed + 2),
        }

    return networks


def average_of(generator):
    """A moving average that forgets the initial weights soon: update n keeps min(EMA, (1 + n) / (10 + n))."""

    def moved(average, newest, updates):
        kept = min(EMA, (1.0 + float(updates)) / (10.0 + float(updates)))
        return average + (newest - average) * (1.0 - kept)

    average = AveragedModel(generator, avg_fn=moved)
    # the first call only copies
    average.update_parameters(generator)
    return average


def trainer(weight, identity, flipped, averages):
    """How a step function is made: the discriminator first, then generator and heads."""

    def make_step(networks):
        generator, discriminator, heads = (networks[name] for name in ("generator", "discriminator", "heads"))
        optimiser_g, optimiser_d, optimiser_f = adam(generator), adam(discriminator), adam(heads)
        averages.append(average_of(generator))
        flips = iter(flipped)

        def step(real_a, real_b):
            mirrored = next(flips)

            def turned(picture):
                return picture.flip(3) if mirrored else picture

            fake_b = generator(turned(real_a))
            require_gradient(True, discriminator)
            optimiser_d.zero_grad()
            on_fake = discriminator_fake("lsgan", discriminator(fake_b.detach()))
            on_real = discriminator_real("lsgan", discriminator(real_b))
            (0.5 * (on_fake + on_real)).backward()
            optimiser_d.step()

            require_gradient(False, discriminator)
            optimiser_g.zero_grad()
            optimiser_f.zero_grad()

            def compared(real, fake):
                queries = [turned(query) for query in encoded(generator, fake, LAYERS)]
                return patch_nce(heads, queries, encoded(generator, real, LAYERS), TEMPERATURE) * weight

            losses = {"G_GAN": generator_fake("lsgan", discriminator(fake_b)), "NCE": compared(real_a, fake_b)}
            contrast = losses["NCE"]
            if identity:
                losses["NCE_Y"] = compared(real_b, generator(turned(real_b)))
                contrast = (contrast + losses["NCE_Y"]) / 2
            (losses["G_GAN"] + contrast).backward()
            optimiser_g.step()
            optimiser_f.step()
            averages[-1].update_parameters(generator)
            values = {name: loss.item() for name, loss in losses.items()}
            return values | {"D_real": on_real.item(), "D_fake": on_fake.item()}

        return step

    return make_step


def make(folder):
    """One run of each."""
    for name, weight, identity, flipped in [
        ("training_cut", 1.0, True, [False] * STEPS),
        ("training_fastcut", 10.0, False, FLIPPED),
    ]:
        seed = SEEDS[name]
        data = (training_data(seed + 3, STEPS, SIZE), training_data(seed + 4, STEPS, SIZE))
        averages = []
        tensors, content = run(build(seed), trainer(weight, identity, flipped, averages), data)
        config = {
            "generator": {"blocks": BLOCKS, "channels": GENERATOR_CHANNELS},
            "discriminator": {"layers": DISCRIMINATOR_LAYERS, "channels": DISCRIMINATOR_CHANNELS},
            "nce": weight,
            "nce_identity": float(identity),
            "nce_channels": HEAD_CHANNELS,
            "flipped": flipped,
            "ema": EMA,
            "lr": LEARNING_RATE,
            "beta1": BETAS[0],
            "beta2": BETAS[1],
            "epsilon": EPSILON,
        }
        # of the run in float32, which is the first
        tensors |= state(averages[0].module, "average.generator")
        pictures = {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1])}
        write_tensors(folder, name, tensors | pictures)
        write_json(folder, name, {"config": config} | content)
        report(name, content)
