"""The public tools with weights from a state dict, which they would download otherwise."""

import warnings

import numpy as np
import torch
import torchvision

warnings.filterwarnings("ignore")


def inception_state():
    """The state dict that all Inceptions take."""
    from torch_fidelity import feature_extractor_inceptionv3 as module

    from feature_weights import fill, shapes_of

    original = torch.nn.Module.load_state_dict
    load = module.load_state_dict_from_url
    module.load_state_dict_from_url = lambda *_, **__: {}
    torch.nn.Module.load_state_dict = lambda *_, **__: None
    try:
        network = module.FeatureExtractorInceptionV3("inception", ["2048"])
    finally:
        torch.nn.Module.load_state_dict = original
        module.load_state_dict_from_url = load
    return fill(shapes_of(network))


def pytorch_fid(state):
    """The Inception of pytorch-fid."""
    from pytorch_fid import inception

    inception.load_state_dict_from_url = lambda *_, **__: state
    return inception.InceptionV3([3]).eval()


def torch_fidelity(path, features=("2048", "logits_unbiased")):
    """The Inception of torch-fidelity, from a file."""
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    return FeatureExtractorInceptionV3("inception", list(features), feature_extractor_weights_path=path).eval()


def clean_resize(pixels):
    """`[h, w, 3]` bytes as clean-fid resizes them."""
    from cleanfid.resize import build_resizer

    return build_resizer("clean")(pixels)


def clean_input(pixels):
    """`[1, 3, 299, 299]` as clean-fid's Inception takes it."""
    resized = torch.from_numpy(clean_resize(pixels).transpose(2, 0, 1)[None].copy())
    return (resized - 128) / 128


def pytorch_input(pixels):
    """`[1, 3, 299, 299]` as pytorch-fid's Inception takes it."""
    values = torchvision.transforms.ToTensor()(pixels)[None]
    resized = torch.nn.functional.interpolate(values, size=(299, 299), mode="bilinear", align_corners=False)
    return 2 * resized - 1


def tensorflow_input(pixels):
    """`[1, 3, 299, 299]` as torch-fidelity's Inception takes it."""
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as resize

    values = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).float()
    return (resize(values, size=(299, 299), align_corners=False) - 128) / 128


def perceptual_state(name):
    """The state dict of the convolutions of torchvision's AlexNet or VGG16."""
    from feature_weights import fill, shapes_of

    network = getattr(torchvision.models, name)(weights=None)
    shapes = {key: shape for key, shape in shapes_of(network).items() if key.startswith("features.")}
    return fill(shapes)


def load_features(network, state):
    """`network`, of torchvision, with these convolutions."""
    network.load_state_dict(state, strict=False)
    return network


def lpips(name, state):
    """The distance of the `lpips` package with its own heads and these convolutions: `alex` or `vgg`."""
    import lpips as package

    distance = package.LPIPS(net=name, pnet_rand=True, verbose=False).eval()
    for key, value in state.items():
        index = key.split(".")[1]
        for part in distance.net.children():
            if index in dict(part.named_children()):
                getattr(part[[*dict(part.named_children())].index(index)], key.split(".")[2]).data.copy_(value)
    return distance


def dists(state, weights):
    """The distance of the DISTS package with these convolutions and its own weights, from their file."""
    from DISTS_pytorch import DISTS_pt
    from torchvision import models

    build = models.vgg16
    models.vgg16 = lambda **_: load_features(build(weights=None), state)
    try:
        distance = DISTS_pt.DISTS(load_weights=False).eval()
    finally:
        models.vgg16 = build
    found = torch.load(weights, map_location="cpu")
    distance.alpha.data, distance.beta.data = found["alpha"], found["beta"]
    return distance


def unit_range(pixels):
    """`[1, 3, h, w]` in [0, 1]."""
    return torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255))
