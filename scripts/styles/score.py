"""Scores a style on pictures that it has not been trained on (development only).

    python score.py painting STYLE --photos PATH... --paintings PATH... [options]
    python score.py fill STYLE --photos PATH... [options]

STYLE is the name or the folder of a style; PATH is a picture or a folder of pictures.

painting: the sliced Wasserstein distance between translated photos and paintings, as a share of that between the photos as they are
and the paintings, of squares of 256 pixels; and the mean SSIM of luminance between photos and translations. "square" translates the
squares, "whole" the whole photos, of which the squares are cut afterwards. With --others the same of as many other paintings in
place of the translations, three times: what even perfect ones could reach with so few pictures.

fill: by how many dB the PSNR in free-form holes (5 to 20 % of the photo) is above that of the mean colour around each hole, and
above that of diffusion from around it.

Needs numpy, Pillow, scikit-image and scipy. Prints one line of JSON at the end.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import scipy.ndimage
import scipy.sparse
import scipy.sparse.linalg
from PIL import Image, ImageDraw
from skimage.metrics import structural_similarity

SIDE = 256
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"}


def pictures(paths):
    """All pictures in files and folders, sorted by name."""
    found = []
    for path in map(Path, paths):
        inside = path.rglob("*") if path.is_dir() else [path]
        found += [file for file in inside if file.suffix.lower() in ENDINGS]
    if not found:
        sys.exit(f"no pictures in {', '.join(paths)}")
    return sorted(found, key=lambda file: file.name)


def rgb(path):
    return Image.open(path).convert("RGB")


def square(picture):
    """The middle square, `SIDE` pixels wide."""
    side = min(picture.size)
    left, top = ((length - side) // 2 for length in picture.size)
    part = picture.crop((left, top, left + side, top + side))
    return part.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def save(files, folder, change=lambda picture: picture):
    folder.mkdir(parents=True)
    for index, file in enumerate(files):
        change(rgb(file)).save(folder / f"{index:04}.png")
    return folder


def translate(arguments, *words):
    command = [arguments.translate, "--checkpoints", arguments.checkpoints, "--device", arguments.device]
    done = subprocess.run([*command, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done.stdout


def distance(arguments, real, fake, work):
    report = work / "report.json"
    translate(arguments, "evaluate", "--real", real, "--fake", fake, "--metrics", "swd", "--report", report)
    return json.loads(report.read_text())["metrics"]["swd"]


def luminance(path):
    return numpy.asarray(rgb(path).convert("L"))


def likeness(photos, translations):
    pairs = [(luminance(photos / file.name), luminance(file)) for file in pictures([str(translations)])]
    return float(numpy.mean([structural_similarity(*pair) for pair in pairs]))


def score_painting(arguments, work):
    photos, paintings = pictures(arguments.photos), pictures(arguments.paintings)
    real = save(paintings, work / "paintings", square)
    squares = save(photos, work / "squares", square)
    whole = save(photos, work / "whole")
    untranslated = distance(arguments, real, squares, work)
    scores = {"photos": len(photos), "paintings": len(paintings), "swd_untranslated": untranslated}
    style = ["--style", arguments.style, "--direction", arguments.direction]
    for name, folder in [("square", squares), ("whole", whole)]:
        output = work / f"translated_{name}"
        translate(arguments, "apply", "--input", folder, *style, "--output", output)
        scores[f"ssim_{name}"] = likeness(folder, output)
        if name == "whole":
            output = save(pictures([str(output)]), work / "cut", square)
        swd = distance(arguments, real, output, work)
        scores[f"swd_{name}"] = swd
        scores[f"ratio_{name}"] = swd / untranslated
    if arguments.others:
        others = pictures(arguments.others)
        ratios = []
        for draw in range(3):
            random = numpy.random.default_rng(draw)
            chosen = random.choice(len(others), min(len(photos), len(others)), replace=False)
            folder = save([others[index] for index in chosen], work / f"others_{draw}", square)
            ratios.append(distance(arguments, real, folder, work) / untranslated)
        scores |= {"ratio_others_least": min(ratios), "ratio_others_most": max(ratios)}
    return scores


def free_form_mask(size, random):
    """Strokes of a brush that cover 5 to 20 % of a picture, true in holes."""
    width, height = size
    wanted = random.uniform(0.06, 0.17)
    while True:
        mask = Image.new("L", size)
        draw = ImageDraw.Draw(mask)
        for _ in range(100):
            if numpy.asarray(mask).mean() / 255 >= wanted:
                break
            brush = int(random.uniform(0.03, 0.09) * min(size))
            x, y = random.uniform(0, width), random.uniform(0, height)
            angle = random.uniform(0, 2 * numpy.pi)
            for _ in range(random.integers(2, 7)):
                angle += random.uniform(-1, 1)
                length = random.uniform(0.05, 0.2) * min(size)
                end = x + length * numpy.cos(angle), y + length * numpy.sin(angle)
                draw.line([(x, y), end], fill=255, width=brush)
                x, y = end
                radius = brush / 2
                draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        share = numpy.asarray(mask).mean() / 255
        if 0.05 <= share <= 0.2:
            return numpy.asarray(mask) > 127


def mean_of_border(values, mask):
    """Each hole filled with the mean colour of the pixels that touch it."""
    filled = values.copy()
    holes, count = scipy.ndimage.label(mask, numpy.ones((3, 3)))
    for hole in range(1, count + 1):
        inside = holes == hole
        border = scipy.ndimage.binary_dilation(inside, numpy.ones((3, 3))) & ~mask
        filled[inside] = values[border].mean(axis=0)
    return filled


def diffusion(values, mask):
    """Each pixel in a hole is the mean of its neighbours: Laplace's equation with the border's colours."""
    height, width = mask.shape
    rows, columns = numpy.nonzero(mask)
    index = numpy.full(mask.shape, -1)
    index[rows, columns] = numpy.arange(len(rows))
    matrix = scipy.sparse.lil_matrix((len(rows), len(rows)))
    known = numpy.zeros((len(rows), 3))
    for pixel, (row, column) in enumerate(zip(rows, columns)):
        around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        around = [(y, x) for y, x in around if 0 <= y < height and 0 <= x < width]
        matrix[pixel, pixel] = len(around)
        for y, x in around:
            if mask[y, x]:
                matrix[pixel, index[y, x]] = -1
            else:
                known[pixel] += values[y, x]
    solve = scipy.sparse.linalg.factorized(matrix.tocsc())
    filled = values.copy()
    filled[rows, columns] = numpy.stack([solve(known[:, channel]) for channel in range(3)], axis=1)
    return filled


def psnr(truth, filled, mask):
    error = ((truth[mask] - filled[mask]) ** 2).mean()
    return float(10 * numpy.log10(255**2 / max(error, 1e-9)))


def score_fill(arguments, work):
    random = numpy.random.default_rng(arguments.seed)
    files = pictures(arguments.photos)
    photos = save(files, work / "photos")
    holes = work / "holes"
    damaged = work / "damaged"
    for folder in [holes, damaged]:
        folder.mkdir()
    masks = {}
    for file in pictures([str(photos)]):
        picture = rgb(file)
        mask = free_form_mask(picture.size, random)
        masks[file.name] = mask
        Image.fromarray(mask.astype(numpy.uint8) * 255).save(holes / file.name)
        # What is under the holes must not help.
        values = numpy.asarray(picture).copy()
        values[mask] = 255
        Image.fromarray(values).save(damaged / file.name)
    output = Path(arguments.keep) if arguments.keep else work / "filled"
    words = ["apply", "--input", damaged, "--mask", holes, "--style", arguments.style]
    translate(arguments, *words, "--output", output, "--overwrite")
    scores = {"network": [], "mean": [], "diffusion": []}
    for name, mask in masks.items():
        truth = numpy.asarray(rgb(photos / name), dtype=float)
        values = {
            "network": numpy.asarray(rgb(output / name), dtype=float),
            "mean": mean_of_border(truth, mask),
            "diffusion": diffusion(truth, mask),
        }
        for method, filled in values.items():
            scores[method].append(psnr(truth, filled, mask))
    means = {method: float(numpy.mean(values)) for method, values in scores.items()}
    gains = {f"gain_over_{other}": means["network"] - means[other] for other in ["mean", "diffusion"]}
    return {"photos": len(files), **{f"psnr_{method}": value for method, value in means.items()}, **gains}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["painting", "fill"])
    parser.add_argument("style")
    parser.add_argument("--photos", nargs="+", required=True)
    parser.add_argument("--paintings", nargs="+", help="for painting")
    parser.add_argument("--others", nargs="+", help="for painting: other paintings of the same painter")
    parser.add_argument("--direction", default="AtoB", help="for painting: BtoA where paintings become photos")
    parser.add_argument("--checkpoints", default="checkpoints", help="where styles are found by name")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=0, help="for fill: of the masks")
    parser.add_argument("--keep", help="for fill: folder for the filled photos")
    parser.add_argument("--translate", default="translate", help="the program")
    arguments = parser.parse_args()
    if arguments.kind == "painting" and not arguments.paintings:
        parser.error("painting needs --paintings")
    with tempfile.TemporaryDirectory() as work:
        score = score_painting if arguments.kind == "painting" else score_fill
        scores = score(arguments, Path(work))
    rounded = {name: round(value, 4) for name, value in scores.items()}
    print(json.dumps(rounded))


if __name__ == "__main__":
    main()
