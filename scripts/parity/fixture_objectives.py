"""Value and gradient of every adversarial objective on fixed logits."""

import torch

from objectives import discriminator_fake, discriminator_real, generator_fake
from output import write_json, write_tensors

OBJECTIVES = ["vanilla", "saturating", "likelihood", "lsgan", "hinge", "wgan"]
SMOOTHED = 0.9


def cases():
    """Name and loss function of every case."""
    for objective in OBJECTIVES:
        yield f"{objective}.discriminator_real", lambda x, o=objective: discriminator_real(o, x)
        yield f"{objective}.discriminator_fake", lambda x, o=objective: discriminator_fake(o, x)
        yield f"{objective}.generator_fake", lambda x, o=objective: generator_fake(o, x)
    for objective in ("vanilla", "lsgan"):
        name = f"{objective}.discriminator_real_smoothed"
        yield name, lambda x, o=objective: discriminator_real(o, x, SMOOTHED)


def logits():
    """`[2, 1, 5, 4]`: mostly within +-5, with two far values that a naive log(sigmoid) turns infinite."""
    draw = torch.Generator().manual_seed(400)
    prediction = 2.0 * torch.randn(2, 1, 5, 4, generator=draw)
    prediction[0, 0, 0, 0] = 120.0
    prediction[1, 0, 4, 3] = -120.0
    return prediction


def make(folder):
    """Computed in float64 from float32 logits; gradients rounded to float32. The exponential gets moderate logits."""
    prediction = logits()
    moderate = prediction.clamp(-6.0, 6.0)
    tensors, values = {"prediction": prediction, "moderate": moderate}, {}
    for name, loss in cases():
        given = moderate if name == "likelihood.generator_fake" else prediction
        variable = given.double().requires_grad_()
        value = loss(variable)
        value.backward()
        values[name] = value.item()
        tensors[f"gradient.{name}"] = variable.grad.float()
    write_tensors(folder, "objectives", tensors)
    write_json(folder, "objectives", {"smoothed_target": SMOOTHED, "values": values})
