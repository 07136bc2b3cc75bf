"""Metrics of features, resized pictures, features and perceptual distances, from the public tools.

pytorch-fid 0.3.0, torch-fidelity 0.3.0, clean-fid 0.1.35, lpips 0.1.4, DISTS-pytorch 0.1, prdc 0.2, pytorch-msssim 1.0.0.
"""

import hashlib
import pathlib
import sys
import tempfile

import numpy as np
import torch

import metric_tools
from output import write_json, write_tensors
from pictures import photo

FEATURES, CLASSES = 16, 8


def feature_sets():
    """Sets of features and logits side by side: larger and smaller than the number of features."""
    draw = np.random.default_rng(31)
    mixing = draw.normal(size=(FEATURES, FEATURES)) / 4

    def make(count, shift):
        features = np.abs(draw.normal(size=(count, FEATURES)) @ mixing + shift)
        logits = draw.normal(size=(count, CLASSES)) * 2
        return np.concatenate([features, logits], 1).astype(np.float32)

    return {"first": make(60, 0.4), "second": make(45, 0.55), "few": make(9, 0.3), "fewer": make(7, 0.6)}


def measures(fake, real):
    """All metrics of two sets."""
    from prdc import compute_prdc
    from pytorch_fid.fid_score import calculate_frechet_distance
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric

    def moments(rows):
        features = rows[:, :FEATURES].astype(np.float64)
        return features.mean(0), np.cov(features, rowvar=False)

    def tensor(rows):
        return torch.from_numpy(rows[:, :FEATURES].astype(np.float64))

    size = min(len(fake), len(real)) * 2 // 3
    kid = kid_features_to_metric(
        tensor(fake), tensor(real), kid_subsets=7, kid_subset_size=size, kid_degree=3, kid_gamma=None, kid_coef0=1,
        rng_seed=2020, verbose=False,
    )
    values = {
        "fid": float(calculate_frechet_distance(*moments(real), *moments(fake))),
        "kid": kid["kernel_inception_distance_mean"],
        "kid_deviation": kid["kernel_inception_distance_std"],
        "kid_subset_size": size,
    }
    if len(fake) >= 10:
        score = isc_features_to_metric(torch.from_numpy(fake[:, FEATURES:]))
        values["is"], values["is_deviation"] = score["inception_score_mean"], score["inception_score_std"]
    for neighbours, names in ((3, ("precision", "recall")), (5, ("density", "coverage"))):
        found = compute_prdc(real[:, :FEATURES], fake[:, :FEATURES], neighbours)
        values.update({name: float(found[name]) for name in names})
    return values


def digest(values):
    """SHA-256 of 32-bit numbers."""
    return hashlib.sha256(values.contiguous().numpy().astype("<f4").tobytes()).hexdigest()


def make(folder):
    """Everything on small pictures and sets."""
    from pytorch_msssim import ms_ssim

    tensors = {f"rows_{name}": torch.from_numpy(rows) for name, rows in feature_sets().items()}
    sets = feature_sets()
    content = {
        "features": FEATURES,
        "large": measures(sets["second"], sets["first"]),
        "small": measures(sets["fewer"], sets["few"]),
        "resized": {},
    }
    pictures = {
        "small": photo(910, 21, 34, 3, noise=0.05),
        "wide": photo(911, 40, 150, 3, noise=0.05),
        "tall": photo(912, 320, 40, 3, noise=0.05),
    }
    for name, pixels in pictures.items():
        tensors[f"picture_{name}"] = torch.from_numpy(pixels)
        content["resized"][name] = {
            "legacy-tf": digest(metric_tools.tensorflow_input(pixels)),
            "pytorch": digest(metric_tools.pytorch_input(pixels)),
            "clean": digest(metric_tools.clean_input(pixels)),
        }
    state = metric_tools.inception_state()
    pixels = pictures["small"]
    with torch.no_grad(), tempfile.TemporaryDirectory() as temporary:
        path = f"{temporary}/inception.pth"
        torch.save(state, path)
        batch = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy())
        features, logits = metric_tools.torch_fidelity(path)(batch)
        tensors["features_legacy_tf"], tensors["logits_legacy_tf"] = features[0], logits[0]
        values = torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32)) / 255
        tensors["features_pytorch"] = metric_tools.pytorch_fid(state)(values)[0].reshape(-1)

    first, second = photo(913, 48, 61, 3, noise=0.05), photo(914, 48, 61, 3, noise=0.08)
    tensors["pair_first"], tensors["pair_second"] = torch.from_numpy(first), torch.from_numpy(second)
    alex, vgg = (metric_tools.perceptual_state(name) for name in ("alexnet", "vgg16"))
    pair = [metric_tools.unit_range(pixels) for pixels in (first, second)]
    weights = pathlib.Path(sys.prefix) / "weights.pt"
    with torch.no_grad():
        for name, net, state in (("lpips", "alex", alex), ("lpips_vgg", "vgg", vgg)):
            content[name] = float(metric_tools.lpips(net, state)(*pair, normalize=True))
        content["dists"] = float(metric_tools.dists(vgg, weights)(*pair))
    large = photo(915, 165, 162, 3, noise=0.05)
    tensors["large"] = torch.from_numpy(large)
    # Against itself, moved by two pixels.
    pair = large, np.roll(large, 2, axis=1)
    doubles = [torch.from_numpy(p.transpose(2, 0, 1)[None].astype(np.float64).copy()) for p in pair]
    content["ms_ssim"] = float(ms_ssim(*doubles, data_range=255))
    write_tensors(folder, "metrics", tensors)
    write_json(folder, "metrics", content)
