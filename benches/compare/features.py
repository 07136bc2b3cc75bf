"""Inception features per second: `translate evaluate` beside torch-fidelity, on the same pictures, weights and cores.

python benches/compare/features.py target/release/translate [--pictures 64] [--threads 2] [--device cpu]

Needs what `scripts/parity/README.md` installs.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts" / "parity"))


def main():
    """Prints pictures per second of both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=64)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    import numpy as np
    import torch
    from PIL import Image

    import metric_tools
    from pictures import photo

    torch.set_num_threads(arguments.threads)
    folder = pathlib.Path(tempfile.mkdtemp())
    pictures = folder / "pictures"
    pictures.mkdir()
    for index in range(arguments.pictures):
        Image.fromarray(photo(index, 256, 256, 3)).save(pictures / f"{index:04d}.png")
    weights = folder / "inception.pth"
    torch.save(metric_tools.inception_state(), weights)

    def ours(count):
        """Seconds for the first `count` pictures."""
        part = folder / f"part{count}"
        part.mkdir(exist_ok=True)
        for path in sorted(pictures.iterdir())[:count]:
            (part / path.name).unlink(missing_ok=True)
            os.link(path, part / path.name)
        command = [arguments.program, "evaluate", "--real", part, "--fake", part, "--metrics", "is", "--resize", "legacy-tf",
                   "--weights", weights, "--threads", arguments.threads, "--device", arguments.device]
        begun = time.perf_counter()
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
        return time.perf_counter() - begun

    network = metric_tools.torch_fidelity(weights)

    def theirs():
        """Seconds of torch-fidelity's extractor for all pictures, read and in batches of 16."""
        begun = time.perf_counter()
        paths = sorted(pictures.iterdir())
        with torch.no_grad():
            for start in range(0, len(paths), 16):
                batch = [np.asarray(Image.open(path).convert("RGB")) for path in paths[start:start + 16]]
                network(torch.from_numpy(np.stack(batch).transpose(0, 3, 1, 2).copy()))
        return time.perf_counter() - begun

    few = max(1, arguments.pictures // 8)
    # Start-up and reading the weights fall out of the difference.
    times = min((ours(arguments.pictures) - ours(few)) / (arguments.pictures - few) for _ in range(2))
    others = min(theirs() for _ in range(2)) / arguments.pictures
    print(f"translate ({arguments.device}) {1 / times:.2f} pictures/s, torch-fidelity {1 / others:.2f} pictures/s, ratio {others / times:.2f}")


if __name__ == "__main__":
    main()
