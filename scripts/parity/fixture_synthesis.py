"""Pictures from noise: forward passes, and five training steps without classes, with them as input, and by projection."""

import torch
from torch.nn import functional

from fixture_forward import write
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import from_bytes, smooth, to_bytes
from synthesis import DcganDiscriminator, DcganGenerator, Encoder
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise

SEED = 900
BATCH = 6
SIDE = 16
CHANNELS = 2
LATENT = 5
CLASSES = 3
R1 = 2.0
CLASSIFICATION = 0.7


def places():
    """The classes of the pictures of a step."""
    return torch.arange(BATCH) % CLASSES


def one_hot(dtype):
    """One channel for each class."""
    return functional.one_hot(places(), CLASSES).to(dtype).view(BATCH, CLASSES, 1, 1)


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
            on_real, on_fake = discriminator(real, classes), discriminator(fake.detach(), classes)
            if condition == "auxiliary":
                (on_real, of_real), (on_fake, of_fake) = on_real, on_fake
                entropies = [functional.cross_entropy(found, places()) for found in (of_real, of_fake)]
                losses["D_class"] = CLASSIFICATION * sum(entropies)
            losses["D_real"] = discriminator_real(objective, on_real)
            losses["D_fake"] = discriminator_fake(objective, on_fake)
            sum(losses.values()).backward()
            optimiser_d.step()

            require_gradient(False, discriminator)
            optimiser_g.zero_grad()
            on_fake, loss = discriminator(fake, classes), 0
            if condition == "auxiliary":
                on_fake, found = on_fake
                loss = losses["G_class"] = CLASSIFICATION * functional.cross_entropy(found, places())
            losses["G_GAN"] = generator_fake(objective, on_fake)
            (losses["G_GAN"] + loss).backward()
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


def autoencoder(has_classes, weight):
    """Makes a step function of flat pictures and noise; a weight of 0 is that of a plain autoencoder."""

    def make(networks):
        generator, encoder = networks["generator"], networks["encoder"]
        optimiser = adam(generator, encoder)

        def step(pictures, noise):
            picture = pictures.view(BATCH, 3, SIDE, SIDE)
            classes = one_hot(picture.dtype) if has_classes else None
            given = picture
            if has_classes:
                given = torch.cat([classes.expand(-1, -1, SIDE, SIDE), picture], 1)
            mean, log_variance = encoder(given)
            code = mean
            if weight > 0.0:
                code = mean + torch.exp(log_variance / 2) * noise.view(BATCH, LATENT, 1, 1)
            output = generator(torch.cat([classes, code], 1) if has_classes else code)
            losses = {"reconstruction": (output - picture).square().sum() / 2 / BATCH}
            if weight > 0.0:
                divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum() / BATCH
                losses["KL"] = weight * divergence
            optimiser.zero_grad()
            sum(losses.values()).backward()
            optimiser.step()
            return {name: loss.item() for name, loss in losses.items()}

        return step

    return make


def autoencoder_training(folder, name, seed, has_classes, weight):
    """Five steps of an autoencoder."""
    classes = CLASSES if has_classes else 0

    def build():
        encoder = randomise(Encoder(3 + classes, CHANNELS, SIDE, LATENT, "batch"), seed + 1)
        with torch.no_grad():
            encoder.log_variance.weight *= 0.2
        return {
            "generator": randomise(DcganGenerator(LATENT + classes, CHANNELS, SIDE, 3, "batch"), seed),
            "encoder": encoder,
        }

    pictures = to_bytes(smooth(seed + 2, STEPS * BATCH, 3, SIDE, SIDE))
    noise = torch.randn(STEPS * BATCH, LATENT, generator=torch.Generator().manual_seed(seed + 3))
    data = (from_bytes(pictures).view(STEPS, -1), noise.view(STEPS, -1))
    tensors, content = run(build, autoencoder(has_classes, weight), data)
    if weight == 0.0:
        # The variance has no part in a plain autoencoder.
        content["without_effect"] += ["encoder.log_variance.weight", "encoder.log_variance.bias"]
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
    training(folder, "training_generate_auxiliary", SEED + 80, condition="auxiliary")
    autoencoder_training(folder, "training_vae", SEED + 50, False, 1.0)
    autoencoder_training(folder, "training_vae_classes", SEED + 60, True, 0.3)
    autoencoder_training(folder, "training_vae_plain", SEED + 70, False, 0.0)
