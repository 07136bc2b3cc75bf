"""Adversarial objectives on raw logits; every one is a mean over all elements, to be minimised."""

import torch
from torch.nn import functional


def cross_entropy(prediction, target):
    """Binary cross-entropy of logits against a constant target."""
    return functional.binary_cross_entropy_with_logits(prediction, torch.full_like(prediction, target))


def squared_error(prediction, target):
    """Mean squared error against a constant target."""
    return functional.mse_loss(prediction, torch.full_like(prediction, target))


def discriminator_real(objective, prediction, target=1.0):
    """The discriminator's term on real pictures; `target` below 1 is one-sided label smoothing."""
    if objective in ("vanilla", "saturating", "likelihood"):
        return cross_entropy(prediction, target)
    if objective == "lsgan":
        return squared_error(prediction, target)
    if objective == "hinge":
        return functional.relu(1.0 - prediction).mean()
    if objective == "wgan":
        return -prediction.mean()
    raise ValueError(f"unknown objective {objective}")


def discriminator_fake(objective, prediction):
    """The discriminator's term on generated pictures."""
    if objective in ("vanilla", "saturating", "likelihood"):
        return cross_entropy(prediction, 0.0)
    if objective == "lsgan":
        return squared_error(prediction, 0.0)
    if objective == "hinge":
        return functional.relu(1.0 + prediction).mean()
    if objective == "wgan":
        return prediction.mean()
    raise ValueError(f"unknown objective {objective}")


def generator_fake(objective, prediction):
    """The generator's term on generated pictures."""
    if objective == "vanilla":
        return cross_entropy(prediction, 1.0)
    if objective == "saturating":
        # log(1 - sigmoid(x)), minimised, as in the original minimax game
        return -cross_entropy(prediction, 0.0)
    if objective == "likelihood":
        # the ratio of the densities, where the discriminator is the best one
        return -torch.exp(prediction).mean()
    if objective == "lsgan":
        return squared_error(prediction, 1.0)
    if objective in ("hinge", "wgan"):
        return -prediction.mean()
    raise ValueError(f"unknown objective {objective}")
