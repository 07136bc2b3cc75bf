"""TIFF files of many kinds for tests/it/tiff_files.rs, made by tifffile, rasterio (GDAL) and Pillow.

Each picture is 40 x 24; sample c at column x and row y is level(x, y, c), so that the tests need no other file.
Needs: numpy pillow tifffile imagecodecs rasterio
"""

import os
import sys

import numpy as np
import rasterio
import tifffile
from PIL import Image
from rasterio.crs import CRS
from rasterio.transform import Affine

W, H = 40, 24
FOLDER = os.path.join(os.path.dirname(__file__), "../../tests/fixtures/tiff")


def level(x, y, c):
    return (x * 5 + y * (3 + 2 * c) + 40 * c) % 256


def levels(bands):
    y, x = np.mgrid[0:H, 0:W]
    return np.stack([level(x, y, c) for c in range(bands)], axis=-1).astype(np.uint8)


RGB = levels(3)
GREY = levels(1)[:, :, 0]


def path(name):
    return os.path.join(FOLDER, name)


def check(name, wanted):
    found = tifffile.imread(path(name))
    assert np.array_equal(found, wanted), name


def write(name, data, check_as=None, **options):
    tifffile.imwrite(path(name), data, **{"metadata": None, **options})
    check(name, data if check_as is None else check_as)


def big():
    write("big_le_rgb8.tif", RGB, photometric="rgb", bigtiff=True, byteorder="<")
    write("big_be_rgb16.tif", RGB.astype(np.uint16) * 257, photometric="rgb", bigtiff=True, byteorder=">",
          compression="deflate", predictor=True, tile=(16, 16), resolution=(300, 300), resolutionunit="INCH",
          extratags=[(274, 3, 1, 1, True), (700, 1, None, b"<x:xmpmeta/>", True)])
    palette = np.stack([(np.arange(256) * k % 256) * 257 for k in (3, 4, 5)]).astype(np.uint16)
    write("big_palette.tif", GREY, photometric="palette", colormap=palette, bigtiff=True)
    write("big_turned.tif", RGB, photometric="rgb", bigtiff=True, extratags=[(274, 3, 1, 6, True)])
    with tifffile.TiffWriter(path("big_pages.tif"), bigtiff=True, byteorder=">") as file:
        for page in range(3):
            file.write(RGB // (page + 1), photometric="rgb", metadata=None)


def rasterio_file(name, data, **options):
    profile = {
        "driver": "GTiff", "width": W, "height": H, "count": data.shape[2], "dtype": data.dtype,
        "crs": CRS.from_epsg(32633), "transform": Affine(10, 0, 500000, 0, -10, 5300000), **options,
    }
    with rasterio.open(path(name), "w", **profile) as file:
        for band in range(data.shape[2]):
            file.write(data[:, :, band], band + 1)
        file.update_tags(AREA="valley")


def geo():
    rasterio_file("geo_rgb.tif", RGB, photometric="rgb", compress="deflate", tiled=True, blockxsize=16, blockysize=16)
    rasterio_file("geo_big.tif", RGB, photometric="rgb", BIGTIFF="YES", compress="zstd")
    rasterio_file("min_is_black_3.tif", RGB.astype(np.uint16) * 257, photometric="minisblack")
    rasterio_file("bands_8.tif", levels(8).astype(np.uint16) * 100, photometric="minisblack", compress="lzw", interleave="band")
    rasterio_file("bands_4.tif", levels(4), photometric="minisblack")
    hole = RGB.copy()
    hole[4:12, 8:30] = 0
    rasterio_file("no_data.tif", hole, photometric="rgb", nodata=0)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
        with rasterio.open(path("mask.tif"), "w", driver="GTiff", width=W, height=H, count=3, dtype="uint8",
                           photometric="rgb", crs=CRS.from_epsg(32633),
                           transform=Affine(10, 0, 500000, 0, -10, 5300000)) as file:
            for band in range(3):
                file.write(RGB[:, :, band], band + 1)
            mask = np.full((H, W), 255, np.uint8)
            mask[4:12, 8:30] = 0
            file.write_mask(mask)
    with rasterio.open(path("sparse.tif"), "w", driver="GTiff", width=W, height=H, count=1, dtype="uint8", tiled=True,
                       blockxsize=16, blockysize=16, compress="deflate", SPARSE_OK="TRUE", nodata=7) as file:
        file.write(GREY[:16, :16], 1, window=rasterio.windows.Window(0, 0, 16, 16))
    heights = GREY.astype(np.float32) * 4 - 200
    heights[4:12, 8:30] = -9999
    rasterio_file("heights.tif", heights[:, :, None], compress="deflate", predictor=3, nodata=-9999)


def kinds():
    write("rgb_infrared.tif", levels(4), photometric="rgb", extrasamples=["unspecified"], compression="lzw", predictor=True)
    write("rgba.tif", levels(4).transpose(2, 0, 1), photometric="rgb", extrasamples=["unassalpha"], planarconfig="separate")
    write("two_bands.tif", levels(2), photometric="minisblack", extrasamples=["unspecified"])
    signed = GREY.astype(np.int16) * 10 - 1000
    write("signed_16.tif", signed, byteorder=">")
    write("signed_64.tif", signed.astype(np.int64), byteorder=">", compression="zstd", predictor=2)
    write("unsigned_32.tif", GREY.astype(np.uint32) * 1000)
    write("float_16.tif", (GREY / 256).astype(np.float16))
    write("float_64.tif", GREY / 4.0, byteorder=">", compression="deflate")
    write("twelve_in_16.tif", GREY.astype(np.uint16) * 16, compression="packbits")
    write("white_is_zero.tif", 255 - GREY, photometric="miniswhite")
    write("white_is_zero_16.tif", 65535 - GREY.astype(np.uint16) * 257, photometric="miniswhite", byteorder=">")
    write("zstd.tif", RGB, photometric="rgb", compression="zstd", predictor=True)
    write("webp.tif", RGB, photometric="rgb", compression="webp", compressionargs={"lossless": True, "level": 100})
    write("lerc.tif", GREY, compression="lerc")
    write("lzma.tif", GREY, compression="lzma")
    write("jpegxl.tif", RGB, photometric="rgb", compression="jpegxl")
    write("jpeg2000.tif", RGB, photometric="rgb", compression="jpeg2000")
    Image.fromarray(RGB).save(path("jpeg.tif"), compression="jpeg", quality=90)
    Image.open(path("jpeg.tif")).convert("RGB").save(path("jpeg.png"))
    Image.fromarray(GREY > 127).save(path("fax.tif"), compression="group4")


def stacks():
    stack = np.stack([GREY, GREY // 2, GREY // 3])
    tifffile.imwrite(path("imagej.tif"), stack, imagej=True, resolution=(2, 2), metadata={"unit": "um", "axes": "ZYX"})
    tifffile.imwrite(path("ome.tif"), stack, photometric="minisblack", ome=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(path("shaped.tif"), stack, photometric="minisblack")


os.makedirs(FOLDER, exist_ok=True)
big()
geo()
kinds()
stacks()
total = sum(os.path.getsize(path(name)) for name in os.listdir(FOLDER))
print(f"{len(os.listdir(FOLDER))} files, {total} bytes", file=sys.stderr)
