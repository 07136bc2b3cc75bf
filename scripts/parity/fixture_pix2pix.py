"""Five pix2pix training steps (Isola et al. 2017), batch 1, no dropout."""

import torch
from torch.nn import functional

from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import to_bytes, training_data
from trainer import BETAS, EPSILON, LEARNING_RATE, STEPS, adam, report, require_gradient, run
from unet import Unet
from weights import randomise

LAMBDA_L1 = 100.0

SIZE = 32
DOWNSAMPLINGS = 5
GENERATOR_CHANNELS = 2
DISCRIMINATOR_CHANNELS = 4
DISCRIMINATOR_LAYERS = 2
SEED = 500


def build():
    """U-Net and PatchGAN on the joined condition and picture."""
    discriminator = PatchDiscriminator(6, DISCRIMINATOR_CHANNELS, DISCRIMINATOR_LAYERS, "batch")
    return {
        "generator": randomise(Unet(3, 3, DOWNSAMPLINGS, GENERATOR_CHANNELS, "batch"), SEED),
        "discriminator": randomise(discriminator, SEED + 1),
    }


def trainer(networks, gan="vanilla", penalty=None, matching=None):
    """A step function: discriminator first, then the generator against the updated discriminator.

    `penalty(discriminator, step, real, fake)` is added to the discriminator's two terms, and the losses of
    `matching(discriminator, real, fake)` to the generator's.
    """
    generator, discriminator = networks["generator"], networks["discriminator"]
    optimiser_g, optimiser_d = adam(generator), adam(discriminator)
    count = 0

    def step(condition, target):
        nonlocal count
        count += 1
        fake = generator(condition)

        require_gradient(True, discriminator)
        optimiser_d.zero_grad()
        d_fake = discriminator_fake(gan, discriminator(torch.cat([condition, fake.detach()], 1)))
        d_real = discriminator_real(gan, discriminator(torch.cat([condition, target], 1)))
        losses = {"D_real": d_real.item(), "D_fake": d_fake.item()}
        d_loss = d_fake + d_real
        if penalty is not None:
            pairs = torch.cat([condition, target], 1), torch.cat([condition, fake.detach()], 1)
            d_penalty = penalty(discriminator, count, *pairs)
            losses["D_penalty"] = d_penalty.item()
            d_loss = d_loss + d_penalty
        (0.5 * d_loss).backward()
        optimiser_d.step()

        require_gradient(False, discriminator)
        optimiser_g.zero_grad()
        g_gan = generator_fake(gan, discriminator(torch.cat([condition, fake], 1)))
        g_l1 = LAMBDA_L1 * functional.l1_loss(fake, target)
        g_loss = g_gan + g_l1
        if matching is not None:
            pairs = torch.cat([condition, target], 1), torch.cat([condition, fake], 1)
            terms = matching(discriminator, *pairs)
            losses |= {name: term.item() for name, term in terms.items()}
            g_loss = g_loss + sum(terms.values())
        g_loss.backward()
        optimiser_g.step()
        return {"G_GAN": g_gan.item(), "G_L1": g_l1.item()} | losses

    return step


def make(folder):
    """One run."""
    data = (training_data(SEED + 2, STEPS, SIZE), training_data(SEED + 3, STEPS, SIZE))
    tensors, content = run(build, trainer, data)
    config = {
        "generator": {
            "downsamplings": DOWNSAMPLINGS,
            "channels": GENERATOR_CHANNELS,
            "norm": "batch",
            "dropout": False,
        },
        "discriminator": {"layers": DISCRIMINATOR_LAYERS, "channels": DISCRIMINATOR_CHANNELS, "norm": "batch"},
        "input_channels": 3,
        "output_channels": 3,
        "size": SIZE,
        "gan": "vanilla",
        "l1": LAMBDA_L1,
        "lr": LEARNING_RATE,
        "beta1": BETAS[0],
        "beta2": BETAS[1],
        "epsilon": EPSILON,
    }
    write_tensors(folder, "training_pix2pix", tensors | {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1])})
    write_json(folder, "training_pix2pix", {"config": config} | content)
    report("training_pix2pix", content)
