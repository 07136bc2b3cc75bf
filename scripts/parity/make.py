"""Makes every parity fixture: `python scripts/parity/make.py [--output tests/fixtures]`."""

import argparse
import pathlib

import torch

import fixture_adam
import fixture_bicycle
import fixture_checkpoints
import fixture_codes
import fixture_contrastive
import fixture_cycle
import fixture_features
import fixture_files
import fixture_forward
import fixture_growth
import fixture_import
import fixture_inpaint
import fixture_metrics
import fixture_luminance
import fixture_minibatch
import fixture_networks
import fixture_objectives
import fixture_path_length
import fixture_penalties
import fixture_pillow
import fixture_pix2pix
import fixture_pool
import fixture_pix2pixhd
import fixture_reference
import fixture_schedules
import fixture_similarity
import fixture_sliced
import fixture_spectral
import fixture_srresnet
import fixture_stages
import fixture_synthesis
import parameter_counts

GROUPS = [
    fixture_forward,
    fixture_import,
    fixture_checkpoints,
    fixture_objectives,
    fixture_pix2pix,
    fixture_spectral,
    fixture_penalties,
    fixture_features,
    fixture_minibatch,
    fixture_reference,
    fixture_growth,
    fixture_cycle,
    fixture_contrastive,
    fixture_bicycle,
    fixture_sliced,
    fixture_luminance,
    fixture_pix2pixhd,
    fixture_inpaint,
    fixture_synthesis,
    fixture_networks,
    fixture_stages,
    fixture_codes,
    fixture_path_length,
    fixture_srresnet,
    fixture_adam,
    fixture_pool,
    fixture_schedules,
    fixture_pillow,
    fixture_similarity,
    fixture_metrics,
    fixture_files,
]

LARGEST_TOTAL = 9_700_000


def main():
    """Checks the networks, runs all groups, and holds the total size down."""
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=root / "tests" / "fixtures")
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    parameter_counts.check()
    for group in GROUPS:
        group.make(folder)
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json", ".pth", ".pt", ".pt2", ".tar"))
    for file in files:
        print(f"{file.stat().st_size:9} {file.relative_to(folder)}")
    total = sum(file.stat().st_size for file in files)
    print(f"{total:9} bytes together")
    assert total <= LARGEST_TOTAL, f"fixtures take {total} bytes, at most {LARGEST_TOTAL} are allowed"


if __name__ == "__main__":
    main()
