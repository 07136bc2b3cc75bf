"""What both training fixtures share: optimisers, snapshots, and the float64 check."""

import torch

from weights import state

LEARNING_RATE = 2e-4
BETAS = (0.5, 0.999)
EPSILON = 1e-8
STEPS = 5
NORMS = (torch.nn.InstanceNorm2d, torch.nn.BatchNorm2d)


def adam(*networks):
    """One Adam over all parameters of the networks."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=LEARNING_RATE, betas=BETAS, eps=EPSILON)


def require_gradient(required, *networks):
    """Freezes or thaws the networks."""
    for network in networks:
        network.requires_grad_(required)


def snapshot(networks, prefix):
    """Weights of all named networks as `prefix.network.key`."""
    tensors = {}
    for name, network in networks.items():
        tensors |= state(network, f"{prefix}.{name}")
    return tensors


def batch(pictures, dtype):
    """The pictures of a step: one, or as many as there are."""
    pictures = pictures.to(dtype)
    return pictures if pictures.dim() == 4 else pictures.unsqueeze(0)


def train(build, step, data, dtype):
    """Runs `step` on each sample or batch; returns snapshots before and after, and each step's losses."""
    networks = {name: network.to(dtype) for name, network in build().items()}
    before = snapshot(networks, "initial")
    trainer = step(networks)
    losses = [trainer(batch(a, dtype), batch(b, dtype)) for a, b in zip(*data)]
    return before, snapshot(networks, "final"), losses


def compare(before, after, exact):
    """Error of float32 against float64, as a share of each tensor's largest update."""
    errors = {}
    for key, value in after.items():
        update = (value.double() - before[key.replace("final", "initial", 1)].double()).abs().max().item()
        error = (value.double() - exact[key]).abs().max().item()
        if update > 0.0:
            errors[key.removeprefix("final.")] = error / update
    return errors


def norm_error(before, after, exact, skipped):
    """Euclidean norm of float32's error over all trained weights that matter, as a share of that of the update."""
    error = update = 0.0
    for key, value in after.items():
        buffer = ".running_" in key or key.endswith(("weight_u", "weight_v"))
        if key.removeprefix("final.") not in skipped and not buffer:
            error += (value.double() - exact[key]).square().sum().item()
            update += (value.double() - before[key.replace("final", "initial", 1)].double()).square().sum().item()
    return (error / update) ** 0.5


def without_effect(networks):
    """Biases of convolutions directly before a norm: their true gradient is zero. And running means, of which they are a part."""
    keys = []
    for name, network in networks.items():
        modules = list(network.named_modules())
        for (key, module), (norm, following) in zip(modules, modules[1:]):
            if getattr(module, "bias", None) is None or isinstance(module, torch.nn.Linear):
                continue
            if isinstance(following, (torch.nn.InstanceNorm2d, torch.nn.BatchNorm2d)):
                keys.append(f"{name}.{key}.bias")
            if isinstance(following, torch.nn.BatchNorm2d):
                keys.append(f"{name}.{norm}.running_mean")
    return keys


def run(build, step, data):
    """Trains in float32 for the fixture and in float64 to know how exact float32 can be."""
    before, after, losses = train(build, step, data, torch.float32)
    _, exact, exact_losses = train(build, step, data, torch.float64)
    skipped = without_effect(build())
    content = {
        "losses": losses,
        "losses_float64": exact_losses,
        "float32_loss_error": max(
            abs(a[name] - b[name]) / abs(b[name]) for a, b in zip(losses, exact_losses) for name in a
        ),
        "float32_weight_error": compare(before, after, exact),
        "float32_weight_norm_error": norm_error(before, after, exact, set(skipped)),
        "without_effect": skipped,
    }
    return before | after, content


def report(name, content):
    """One line on how far float32 is from float64."""
    skipped = set(content["without_effect"])
    errors = {key: value for key, value in content["float32_weight_error"].items() if key not in skipped}
    worst = max(errors, key=errors.get)
    print(
        f"{name}: float32 losses within {content['float32_loss_error']:.1e}, "
        f"weights within {content['float32_weight_norm_error']:.1e} of the update by norm, "
        f"{errors[worst]:.1e} at most ({worst})"
    )
