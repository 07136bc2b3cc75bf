"""SRResNet: forward passes, and five steps of SRGAN's kind: L1, VGG features, and a conditional PatchGAN."""

import torch
from torch import nn
from torch.nn import functional

from fixture_forward import write
from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from patchgan import PatchDiscriminator
from pictures import smooth, to_bytes, training_data
from pix2pixhd import Vgg
from srresnet import Srresnet
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise, state

# inputs, outputs, blocks, channels, norm, scale, batch
FORWARD = [
    (3, 3, 2, 4, "batch", 4, 2),
    (3, 3, 1, 3, "none", 2, 1),
    (1, 2, 2, 3, "instance", 1, 1),
]

SEED = 900
SIZE = 16
SCALE = 2
L1, PERCEPTUAL, ADVERSARIAL = 10.0, 2.0, 0.5
VGG_WIDTHS = [2, 2, 3, 3, 2]


def varied(network, seed):
    """Slopes of the activations that differ from each other, one of them negative."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.PReLU):
                module.weight.copy_(0.2 + 0.2 * torch.randn(1, generator=draw))
    return network


def generator(seed, inputs, outputs, blocks, channels, norm, scale):
    return varied(randomise(Srresnet(inputs, outputs, blocks, channels, norm, scale), seed, 0.7), seed + 50)


def build():
    """A generator that doubles, and a PatchGAN on the enlarged input joined with the picture."""
    return {
        "generator": generator(SEED, 3, 3, 2, 4, "batch", SCALE),
        "discriminator": randomise(PatchDiscriminator(6, 4, 2, "instance"), SEED + 1),
    }


def trainer(networks):
    """A step function in the order of pix2pix."""
    generator, discriminator = networks["generator"], networks["discriminator"]
    optimiser_g, optimiser_d = adam(generator), adam(discriminator)
    dtype = next(generator.parameters()).dtype
    vgg = randomise(Vgg(VGG_WIDTHS), SEED + 9).to(dtype)
    require_gradient(False, vgg)

    def step(small, target):
        fake = generator(small)
        condition = functional.interpolate(small, scale_factor=SCALE, mode="nearest")

        def judge(picture):
            return discriminator(torch.cat([condition, picture], 1))

        require_gradient(True, discriminator)
        optimiser_d.zero_grad()
        d_fake = discriminator_fake("vanilla", judge(fake.detach()))
        d_real = discriminator_real("vanilla", judge(target))
        (0.5 * (d_fake + d_real)).backward()
        optimiser_d.step()

        require_gradient(False, discriminator)
        optimiser_g.zero_grad()
        losses = {
            "G_GAN": ADVERSARIAL * generator_fake("vanilla", judge(fake)),
            "G_L1": L1 * functional.l1_loss(fake, target),
            "G_VGG": PERCEPTUAL * vgg.distance(fake, target),
        }
        sum(losses.values()).backward()
        optimiser_g.step()
        return {name: loss.item() for name, loss in losses.items()} | {"D_real": d_real.item(), "D_fake": d_fake.item()}

    return step


def make(folder):
    """The passes and the run."""
    for seed, (inputs, outputs, blocks, channels, norm, scale, batch) in enumerate(FORWARD, SEED + 20):
        network = generator(seed, inputs, outputs, blocks, channels, norm, scale)
        write(folder, f"srresnet_x{scale}_{norm}", network, smooth(seed + 1000, batch, inputs, 11, 14), norm, seed,
              arch="srresnet", input_channels=inputs, output_channels=outputs, channels=channels, blocks=blocks, scale=scale)
    data = (training_data(SEED + 2, STEPS, SIZE), training_data(SEED + 3, STEPS, SIZE * SCALE))
    tensors, content = run(build, trainer, data)
    tensors |= state(randomise(Vgg(VGG_WIDTHS), SEED + 9), "vgg")
    config = {
        "generator": {"channels": 4, "blocks": 2, "scale": SCALE},
        "discriminator": {"layers": 2, "channels": 4},
        "loss": {"l1": L1, "perceptual": PERCEPTUAL, "adversarial": ADVERSARIAL},
    }
    write_tensors(folder, "training_srresnet", tensors | {"input_a": to_bytes(data[0]), "input_b": to_bytes(data[1])})
    write_json(folder, "training_srresnet", {"config": config} | content)
    report("training_srresnet", content)
