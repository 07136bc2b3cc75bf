"""Compares `translate evaluate` with pytorch-fid, torch-fidelity, clean-fid, lpips, DISTS and prdc, on pictures made here.

python scripts/parity/check_metrics.py target/release/translate [--pictures 40] [--largest 1e-3]
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image

import metric_tools
from pictures import photo


def write_pictures(folder, count, seed, size):
    """`count` pictures, of which some are grey."""
    folder.mkdir()
    names = [f"{index:04d}.png" for index in range(count)]
    for index, name in enumerate(names):
        pixels = photo(seed + index, *size, 1 if index % 9 == 4 else 3, noise=0.1)
        Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(folder / name)
    return names


def read(path):
    """RGB bytes."""
    return np.asarray(Image.open(path).convert("RGB"))


def by_pytorch_fid(real, fake, state):
    """FID as pytorch-fid calculates it of two folders."""
    from pytorch_fid import fid_score

    network = metric_tools.pytorch_fid(state)
    moments = [fid_score.compute_statistics_of_path(str(folder), network, 8, 2048, "cpu", 0) for folder in (real, fake)]
    return {"fid": float(fid_score.calculate_frechet_distance(*moments[0], *moments[1]))}


def by_torch_fidelity(real, fake, weights, size):
    """FID, KID and IS of torch-fidelity."""
    import torch_fidelity

    found = torch_fidelity.calculate_metrics(
        input1=str(fake), input2=str(real), cuda=False, isc=True, fid=True, kid=True, kid_subset_size=size, kid_subsets=20,
        feature_extractor_weights_path=str(weights), cache=False, verbose=False, batch_size=8,
    )
    return {
        "fid": found["frechet_inception_distance"],
        "kid": found["kernel_inception_distance_mean"],
        "is": found["inception_score_mean"],
    }


def by_clean_fid(real, fake, weights):
    """FID and KID of clean-fid, and precision, recall, density and coverage of prdc on the same features."""
    from cleanfid.fid import frechet_distance, kernel_distance
    from prdc import compute_prdc

    network = metric_tools.torch_fidelity(weights)

    def features(folder):
        rows = []
        for path in sorted(folder.iterdir()):
            # After the resizing torch-fidelity's own leaves 299 x 299 as they are, but takes bytes: the layers follow here.
            rows.append(layers(network, metric_tools.clean_input(read(path))))
        return torch.cat(rows).numpy()

    sets = [features(folder) for folder in (real, fake)]
    moments = [(rows.mean(0), np.cov(rows, rowvar=False)) for rows in sets]
    values = {
        "fid": float(frechet_distance(*moments[0], *moments[1])),
        "kid": kernel_distance(*sets, num_subsets=1),
    }
    for neighbours, names in ((3, ("precision", "recall")), (5, ("density", "coverage"))):
        found = compute_prdc(*sets, neighbours)
        values.update({name: float(found[name]) for name in names})
    return values


def layers(network, values):
    """The features of torch-fidelity's layers for an input that is ready."""
    names = [
        "Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "MaxPool_1", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "MaxPool_2",
        "Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_7a",
        "Mixed_7b", "Mixed_7c", "AvgPool",
    ]
    with torch.no_grad():
        for name in names:
            values = getattr(network, name)(values)
    return values.flatten(1)


def by_packages(real, fake, names, alex, vgg):
    """LPIPS, DISTS and MS-SSIM of their packages, means over the pairs."""
    distances = {"lpips": metric_tools.lpips("alex", alex), "lpips_vgg": metric_tools.lpips("vgg", vgg)}
    dists = metric_tools.dists(vgg, pathlib.Path(sys.prefix) / "weights.pt")
    values = {name: [] for name in (*distances, "dists")}
    with torch.no_grad():
        for name in names:
            pair = [metric_tools.unit_range(read(folder / name)) for folder in (real, fake)]
            for metric, distance in distances.items():
                values[metric].append(float(distance(*pair, normalize=True)))
            values["dists"].append(float(dists(*pair)))
    return {metric: float(np.mean(found)) for metric, found in values.items()}


def main():
    """Prints each value of both sides; fails beyond the largest relative difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--largest", type=float, default=1e-3)
    arguments = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp())
    real, fake = folder / "real", folder / "fake"
    names = write_pictures(real, arguments.pictures, 2000, (72, 96))
    write_pictures(fake, arguments.pictures, 2000 + arguments.pictures // 2, (72, 96))
    state = metric_tools.inception_state()
    weights = {"inception": state}
    for name in ("alexnet", "vgg16"):
        weights[name] = metric_tools.perceptual_state(name)
    for name, tensors in weights.items():
        torch.save(tensors, folder / f"{name}.pth")

    def ours(metrics, *extra):
        report = folder / "report.json"
        command = [arguments.program, "evaluate", "--real", real, "--fake", fake, "--metrics", metrics, "--report", report]
        for name in weights:
            command += ["--weights", folder / f"{name}.pth"]
        begun = time.perf_counter()
        subprocess.run([*map(str, command), *map(str, extra)], check=True, capture_output=True)
        print(f"translate {metrics}: {time.perf_counter() - begun:.1f} s")
        return json.loads(report.read_text())["metrics"]

    size = arguments.pictures * 3 // 4
    cases = [
        ("pytorch-fid", lambda: by_pytorch_fid(real, fake, state), "fid", ["--resize", "pytorch"]),
        ("torch-fidelity", lambda: by_torch_fidelity(real, fake, folder / "inception.pth", size), "fid,kid,is",
         ["--resize", "legacy-tf", "--kid-subset-size", size, "--kid-subsets", 20]),
        ("clean-fid, prdc", lambda: by_clean_fid(real, fake, folder / "inception.pth"),
         "fid,kid,precision,recall,density,coverage", ["--resize", "clean", "--kid-subsets", 1]),
        ("packages", lambda: by_packages(real, fake, names, weights["alexnet"], weights["vgg16"]),
         "lpips,lpips_vgg,dists", []),
    ]
    worst = 0.0
    for tool, measure, metrics, extra in cases:
        begun = time.perf_counter()
        theirs = measure()
        print(f"{tool}: {time.perf_counter() - begun:.1f} s")
        found = ours(metrics, *extra)
        for name, value in theirs.items():
            error = abs(found[name] - value) / max(abs(value), 1e-12)
            worst = max(worst, error)
            print(f"  {name:10} {value:.8f} {found[name]:.8f} relative difference {error:.1e}")
    print(f"largest relative difference {worst:.1e}")
    sys.exit(worst > arguments.largest)


if __name__ == "__main__":
    main()
