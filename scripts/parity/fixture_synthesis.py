"""Pictures from noise: forward passes, and five training steps without classes, with them as input, and by projection."""

import torch

from fixture_forward import write
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from synthesis import DcganDiscriminator, DcganGenerator
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise

SEED = 900
BATCH = 6
SIDE = 16
CHANNELS = 2
LATENT = 5
CLASSES = 3
R1 = 2.0


def places():
    """The classes of the pictures of a step."""
    return torch.arange(BATCH) % CLASSES


def one_hot(dtype):
    """One channel for each class."""
    return torch.nn.functional.one_hot(places(), CLASSES).to(dtype).view(BATCH, CLASSES, 1, 1)


def trainer(objective, condition, r1):
    """Makes a step function of flat pictures and noise."""

    def make(networks):
        generator, discriminator = networks["generator"], networks["discriminator"]
        optimiser_g, optimiser_d = adam(generator), adam(discriminator)

        def step(pictures, noise):
            real = pictures.view(BATCH, 3, SIDE, SIDE)
            vectors = noise.view(BATCH, LATENT, 1, 1)
            classes = None
            if condition != "none":
                classes = one_hot(real.dtype)
                vectors = torch.cat([classes, vectors], 1)
            fake = generator(vectors)

            require_gradient(True, discriminator)
            optimiser_d.zero_grad()
            losses = {}
            if r1 > 0.0:
                points = real.clone().requires_grad_()
                (gradient,) = torch.autograd.grad(discriminator(points, classes).sum(), points, create_graph=True)
                losses["D_penalty"] = r1 / 2 * gradient.square().flatten(1).sum(1).mean()
            losses["D_real"] = discriminator_real(objective, discriminator(real, classes))
            losses["D_fake"] = discriminator_fake(objective, discriminator(fake.detach(), classes))
            sum(losses.values()).backward()
            optimiser_d.step()

            require_gradient(False, discriminator)
            optimiser_g.zero_grad()
            losses["G_GAN"] = generator_fake(objective, discriminator(fake, classes))
            losses["G_GAN"].backward()
            optimiser_g.step()
            return {name: loss.item() for name, loss in losses.items()}

        return step

    return make


def training(folder, name, seed, objective="vanilla", condition="none", norm="batch", r1=0.0):
    """One run of five steps; batches go flat through the runner, which takes one sample a step."""
    inputs = LATENT + (0 if condition == "none" else CLASSES)

    def build():
        classes = 0 if condition == "none" else CLASSES
        return {
            "generator": randomise(DcganGenerator(inputs, CHANNELS, SIDE, 3, "batch"), seed),
            "discriminator": randomise(DcganDiscriminator(3, CHANNELS, SIDE, norm, condition, classes), seed + 1),
        }

    pictures = to_bytes(smooth(seed + 2, STEPS * BATCH, 3, SIDE, SIDE))
    noise = torch.randn(STEPS * BATCH, LATENT, generator=torch.Generator().manual_seed(seed + 3))
    data = (from_bytes(pictures).view(STEPS, -1), noise.view(STEPS, -1))
    tensors, content = run(build, trainer(objective, condition, r1), data)
    write_tensors(folder, name, tensors | {"pictures": pictures, "noise": noise})
    write_json(folder, name, content)
    report(name, content)


def make(folder):
    """All fixtures of pictures from noise."""
    for seed, side in enumerate((8, 64), SEED):
        noise = torch.randn(4, LATENT, 1, 1, generator=torch.Generator().manual_seed(seed + 1000))
        network = randomise(DcganGenerator(LATENT, 1, side, 3, "batch"), seed)
        write(folder, f"dcgan_generator_{side}", network, noise, "batch", seed, side=side)
        network = randomise(DcganDiscriminator(3, 1, side, "batch"), seed + 10)
        picture = smooth(seed + 2000, 4, 3, side, side)
        write(folder, f"dcgan_discriminator_{side}", network, picture, "batch", seed, quantised=True, side=side)
    training(folder, "training_generate", SEED + 20)
    training(folder, "training_generate_concat", SEED + 30, objective="lsgan", condition="concat", norm="instance", r1=R1)
    training(folder, "training_generate_projection", SEED + 40, objective="hinge", condition="projection", norm="none", r1=R1)
