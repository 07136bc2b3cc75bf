"""pix2pixHD: forward passes of its networks, the perceptual loss, and five training steps of two kinds."""

import torch
from torch.nn import functional

from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors
from pictures import smooth, training_data
from pix2pixhd import (
    GlobalGenerator,
    LocalEnhancer,
    MultiscaleDiscriminator,
    Vgg,
    edges,
    instance_mean,
    one_hot,
)
from trainer import STEPS, adam, report, require_gradient, run
from weights import randomise, state

SEED = 700
SIZE = 32
CLASSES = 5
FEATURES = 3
VGG_WIDTHS = [4, 6, 8, 8, 8]
FEATURE_MATCHING = 10.0
PERCEPTUAL = 10.0

GLOBAL = {"channels": 3, "downsamplings": 2, "blocks": 1}
LOCAL = {"channels": 2, "downsamplings": 1, "blocks": 1, "enhancers": 1, "enhancer_blocks": 1}
ENCODER = {"channels": 2, "downsamplings": 2}
DISCRIMINATOR = {"channels": 4, "layers": 2, "scales": 2}
LOCAL_DISCRIMINATOR = DISCRIMINATOR | {"channels": 3}
FIXED_STEPS = 2


def maps(seed, count, height, width):
    """Label maps and instance maps of blobs: `[count, 2, h, w]`, ids as floating-point numbers."""
    draw = smooth(seed, count, 2, height, width, noise=0.0)
    labels = ((draw[:, :1] + 1.0) / 2.0 * CLASSES).floor().clamp(0, CLASSES - 1)
    halves = (draw[:, 1:] > 0.0).float()
    return torch.cat([labels, torch.where(labels >= 3, labels * 1000 + halves, labels)], 1)


def condition(planes):
    return torch.cat([one_hot(planes[:, :1], CLASSES), edges(planes[:, 1:])], 1)


def write_forward(folder, name, network, picture, **config):
    tensors = state(network, "weights")
    with torch.no_grad():
        output = network(picture)
        exact = network.double()(picture.double())
        network.float()
    if isinstance(output, list):
        flat = [(i, j, one) for i, scale in enumerate(output) for j, one in enumerate(scale)]
        tensors |= {f"output.{i}.{j}": one for i, j, one in flat}
        error = max((a - b).abs().max() for x, y in zip(output, exact) for a, b in zip(x, y))
    else:
        tensors["output"] = output
        error = (output - exact).abs().max()
    write_tensors(folder, f"forward_{name}", tensors | {"input": picture}, norm="instance", **config)
    print(f"forward_{name}: float32 error {error:.1e}")


def forwards(folder):
    sizes = {"channels": 2, "downsamplings": 4, "blocks": 1}
    network = randomise(GlobalGenerator(6, 3, **sizes), SEED)
    write_forward(folder, "global", network, smooth(SEED + 1, 2, 6, 48, 32), input_channels=6, **sizes)
    sizes = {"channels": 1, "downsamplings": 2, "blocks": 2, "enhancers": 2, "enhancer_blocks": 2}
    network = randomise(LocalEnhancer(4, 3, **sizes), SEED + 2)
    write_forward(folder, "local", network, smooth(SEED + 3, 1, 4, 48, 64), input_channels=4, **sizes)
    sizes = {"channels": 2, "layers": 3, "scales": 3}
    network = randomise(MultiscaleDiscriminator(4, **sizes), SEED + 4)
    write_forward(folder, "multiscale", network, smooth(SEED + 5, 1, 4, 48, 37), input_channels=4, **sizes)

    network = randomise(GlobalGenerator(3, FEATURES, 2, 3, 0), SEED + 6)
    picture, planes = smooth(SEED + 7, 2, 3, 24, 32), maps(SEED + 8, 2, 24, 32)
    with torch.no_grad():
        output = instance_mean(network(picture), planes[:, 1:])
    tensors = {"input": picture, "instances": planes[:, 1:], "output": output}
    write_tensors(folder, "forward_encoder", state(network, "weights") | tensors,
                  norm="instance", channels=2, downsamplings=3, features=FEATURES)

    network = randomise(Vgg(VGG_WIDTHS), SEED + 9)
    output, target = smooth(SEED + 10, 1, 3, 32, 48).requires_grad_(), smooth(SEED + 11, 1, 3, 32, 48)
    distance = network.distance(output, target)
    distance.backward()
    tensors = {"output": output, "target": target, "gradient": output.grad, "distance": distance.reshape(1)}
    write_tensors(folder, "perceptual", state(network, "weights") | tensors)
    print(f"perceptual: {distance.item():.4f}")


def matching(fake, real):
    """Feature matching over all maps but the last of each scale."""
    share = 4.0 / (DISCRIMINATOR["layers"] + 1) / DISCRIMINATOR["scales"]
    terms = [functional.l1_loss(a, b.detach()) for x, y in zip(fake, real) for a, b in zip(x[:-1], y[:-1])]
    return sum(terms) * share * FEATURE_MATCHING


def total(objective, results):
    return sum(objective("lsgan", scale[-1]) for scale in results)


def discriminator_of(seed, sizes):
    return randomise(MultiscaleDiscriminator(CLASSES + 1 + 3, **sizes), seed)


def build_global():
    return {
        "generator": randomise(GlobalGenerator(CLASSES + 1 + FEATURES, 3, **GLOBAL), SEED + 20),
        "discriminator": discriminator_of(SEED + 21, DISCRIMINATOR),
        "encoder": randomise(GlobalGenerator(3, FEATURES, blocks=0, **ENCODER), SEED + 22),
    }


def build_local():
    return {
        "generator": randomise(LocalEnhancer(CLASSES + 1 + FEATURES, 3, **LOCAL), SEED + 23),
        "discriminator": discriminator_of(SEED + 24, LOCAL_DISCRIMINATOR),
        "encoder": randomise(GlobalGenerator(3, FEATURES, blocks=0, **ENCODER), SEED + 25),
    }


def trainer(networks):
    """A step function: everything is computed, then the generator steps, then the discriminator."""
    generator, discriminator, encoder = (networks[name] for name in ("generator", "discriminator", "encoder"))
    local = isinstance(generator, LocalEnhancer)
    dtype = next(generator.parameters()).dtype
    vgg = randomise(Vgg(VGG_WIDTHS), SEED + 9).to(dtype)
    require_gradient(False, vgg)
    optimiser_d = adam(discriminator)
    parts = [generator]
    if local:
        parts = [module for name, module in generator.named_children() if name.startswith("model1")]
    optimiser_g = adam(*parts, encoder)
    steps = 0

    def step(planes, target):
        nonlocal optimiser_g, steps
        if local and steps == FIXED_STEPS:
            # The moments of all that has been trained so far begin anew, the encoder's too.
            optimiser_g = adam(generator, encoder)
        steps += 1
        told = condition(planes)
        fake = generator(torch.cat([told, instance_mean(encoder(target), planes[:, 1:])], 1))
        on_fake = discriminator(torch.cat([told, fake.detach()], 1))
        on_real = discriminator(torch.cat([told, target], 1))
        judged = discriminator(torch.cat([told, fake], 1))
        losses = {"G_GAN": total(generator_fake, judged), "G_GAN_Feat": matching(judged, on_real)}
        if not local:
            losses["G_VGG"] = PERCEPTUAL * vgg.distance(fake, target)
        d_real, d_fake = total(discriminator_real, on_real), total(discriminator_fake, on_fake)
        loss_d = 0.5 * (d_real + d_fake)

        optimiser_g.zero_grad()
        sum(losses.values()).backward()
        optimiser_g.step()
        optimiser_d.zero_grad()
        loss_d.backward()
        optimiser_d.step()
        values = {name: loss.item() for name, loss in losses.items()}
        return values | {"D_real": d_real.item(), "D_fake": d_fake.item()}

    return step


def make(folder):
    """Everything."""
    forwards(folder)
    for name, build, generator in [("global", build_global, GLOBAL), ("local", build_local, LOCAL)]:
        data = (maps(SEED + 30, STEPS, SIZE, SIZE), training_data(SEED + 31, STEPS, SIZE))
        tensors, content = run(build, trainer, data)
        tensors |= {"input_maps": data[0], "input_b": data[1]}
        if name == "global":
            tensors |= state(randomise(Vgg(VGG_WIDTHS), SEED + 9), "vgg")
        config = {
            "generator": generator,
            "discriminator": DISCRIMINATOR if name == "global" else LOCAL_DISCRIMINATOR,
            "encoder": ENCODER | {"features": FEATURES},
            "classes": CLASSES,
            "feature_matching": FEATURE_MATCHING,
            "perceptual": PERCEPTUAL,
            "fixed_steps": FIXED_STEPS if name == "local" else 0,
        }
        write_tensors(folder, f"training_pix2pixhd_{name}", tensors)
        write_json(folder, f"training_pix2pixhd_{name}", {"config": config} | content)
        report(f"training_pix2pixhd_{name}", content)
