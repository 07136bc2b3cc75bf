"""
Small maps of ids in every format that holds them, written by tifffile, rasterio (GDAL), Pillow and OpenCV, and their samples as
these read them. Needs its own packages: `pip install numpy safetensors tifffile imagecodecs rasterio pillow
opencv-python-headless`, then `python scripts/parity/fixture_ids.py`.
"""

import io
import pathlib
import tempfile
import warnings

import cv2
import numpy as np
import rasterio
import tifffile
from PIL import Image
from rasterio.errors import NotGeoreferencedWarning
from safetensors.numpy import save_file

warnings.filterwarnings("ignore", category=NotGeoreferencedWarning)

HEIGHT, WIDTH = 21, 37


def ids(most, kind="uint8", seed=0):
    """Blocks of ids up to `most`, which is among them."""
    random = np.random.default_rng(seed)
    blocks = random.integers(0, most + 1, (HEIGHT // 3 + 1, WIDTH // 4 + 1))
    blocks[0, 0], blocks[0, 1] = most, 0
    return np.kron(blocks, np.ones((3, 4)))[:HEIGHT, :WIDTH].astype(kind)


def read_back(data, reader):
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(data)
        file.flush()
        return reader(file.name)


def by_tifffile(values, **options):
    target = io.BytesIO()
    tifffile.imwrite(target, values, metadata=None, **options)
    data = target.getvalue()
    assert np.array_equal(tifffile.imread(io.BytesIO(data)).astype(np.int64), values.astype(np.int64))
    return data, values


def by_gdal(values, colours=None, nodata=None, empty=False, **options):
    with tempfile.TemporaryDirectory() as folder:
        name = f"{folder}/map.tif"
        with rasterio.open(
            name, "w", driver="GTiff", width=WIDTH, height=HEIGHT, count=1, dtype=values.dtype, nodata=nodata, **options
        ) as file:
            if not empty:
                file.write(values, 1)
            if colours:
                file.write_colormap(1, colours)
        with rasterio.open(name) as file:
            values = file.read(1)
        return pathlib.Path(name).read_bytes(), values


def by_pillow(values, format, mode=None, palette=None, **options):
    image = Image.fromarray(values, mode) if mode == "P" else Image.fromarray(values)
    if mode == "1":
        image = Image.fromarray(values * 255).convert("1", dither=Image.Dither.NONE)
    if palette is not None:
        image.putpalette(palette)
    target = io.BytesIO()
    image.save(target, format, **options)
    read = np.asarray(Image.open(io.BytesIO(target.getvalue())))
    if read.ndim == 3:
        read = read[:, :, 0]
    assert np.array_equal(read.astype(np.int64), values.astype(np.int64)), format
    return target.getvalue(), values


def by_opencv(values, extension, *options):
    data = cv2.imencode(extension, values, list(options))[1].tobytes()
    assert np.array_equal(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED), values)
    return data, values


def panoptic(values):
    """Ids as COCO's panoptic format writes them."""
    return np.stack([values % 256, values // 256 % 256, values // 65536], -1).astype(np.uint8)


def files():
    palette = bytes((i * 7) % 256 for i in range(768))
    random_map = np.random.default_rng(9).integers(0, 65536, (3, 256)).astype(np.uint16)
    tile = {"tile": (16, 16)}
    for order in "<>":
        end = {"<": "little", ">": "big"}[order]
        for bits, most in ((8, 33), (16, 26001), (32, 16_777_215)):
            yield f"tifffile_{bits}_{end}.tif", by_tifffile(ids(most, f"uint{bits}"), byteorder=order)
            yield f"tifffile_{bits}_{end}_tiles.tif", by_tifffile(
                ids(most, f"uint{bits}"), byteorder=order, compression="deflate", predictor=True, **tile
            )
        yield f"tifffile_signed_{end}.tif", by_tifffile(ids(3000, "int16"), byteorder=order, compression="lzw")
        yield f"tifffile_white_{end}.tif", by_tifffile(ids(33), byteorder=order, photometric="miniswhite")
        yield f"tifffile_white_16_{end}.tif", by_tifffile(ids(333, "uint16"), byteorder=order, photometric="miniswhite", **tile)
        yield f"tifffile_palette_{end}.tif", by_tifffile(
            ids(33), byteorder=order, photometric="palette", colormap=random_map, compression="packbits"
        )
        yield f"tifffile_one_bit_{end}.tif", by_tifffile(ids(1, bool), byteorder=order, photometric="minisblack")
        yield f"tifffile_one_bit_white_{end}.tif", by_tifffile(ids(1, bool), byteorder=order, photometric="miniswhite")
        yield f"tifffile_big_{end}.tif", by_tifffile(ids(300, "uint16"), byteorder=order, bigtiff=True)
        yield f"tifffile_big_palette_{end}.tif", by_tifffile(
            ids(33), byteorder=order, bigtiff=True, photometric="palette", colormap=random_map
        )
    for bits in (1, 2, 4):
        most = 2**bits - 1
        yield f"gdal_{bits}_bits.tif", by_gdal(ids(most), nbits=bits)
        yield f"gdal_{bits}_bits_white.tif", by_gdal(ids(most), nbits=bits, photometric="MINISWHITE")
        yield f"gdal_{bits}_bits_tiles.tif", by_gdal(
            ids(most), nbits=bits, tiled=True, blockxsize=16, blockysize=16, compress="DEFLATE"
        )
        yield f"gdal_{bits}_bits_palette.tif", by_gdal(
            ids(most), nbits=bits, colours={i: (i * 9, 255 - i, i, 255) for i in range(most + 1)}, compress="LZW"
        )
    yield "gdal_zstd.tif", by_gdal(ids(99), compress="ZSTD", predictor=2, tiled=True, blockxsize=16, blockysize=16)
    yield "gdal_zstd_16.tif", by_gdal(ids(26001, "uint16"), compress="ZSTD")
    for kind in ("int64", "uint64", "int8"):
        yield f"tifffile_{kind}.tif", by_tifffile(ids(99, kind), byteorder=">", compression="zstd")
    yield "gdal_sparse.tif", by_gdal(ids(9), tiled=True, blockxsize=16, blockysize=16, sparse_ok=True, empty=True, nodata=7)
    yield "gdal_palette.tif", by_gdal(ids(99), colours={i: (i, 2 * i, 255 - i, 255) for i in range(100)})
    yield "gdal_signed.tif", by_gdal(ids(9, "int16"), nodata=-9999)
    yield "pillow_palette.png", by_pillow(ids(33), "PNG", "P", palette)
    yield "pillow_palette_4_bits.png", by_pillow(ids(9), "PNG", "P", palette, bits=4)
    yield "pillow_palette_see_through.png", by_pillow(ids(33), "PNG", "P", palette, transparency=3)
    yield "pillow_one_bit.png", by_pillow(ids(1), "PNG", "1")
    yield "pillow_16_bits.png", by_pillow(ids(26001, "uint16"), "PNG")
    yield "pillow_grey.bmp", by_pillow(ids(33), "BMP")
    yield "pillow_palette.bmp", by_pillow(ids(33), "BMP", "P", palette)
    yield "pillow_one_bit.bmp", by_pillow(ids(1), "BMP", "1")
    yield "pillow_palette.tif", by_pillow(ids(33), "TIFF", "P", palette)
    yield "pillow_one_bit.tif", by_pillow(ids(1), "TIFF", "1")
    yield "pillow_fax.tif", by_pillow(ids(1), "TIFF", "1", compression="group4")
    yield "pillow_grey.webp", (by_file(np.stack([ids(33)] * 3, -1), "WEBP", lossless=True), ids(33))
    yield "opencv_16.pgm", by_opencv(ids(26001, "uint16"), ".pgm")
    yield "opencv_text.pgm", by_opencv(ids(33), ".pgm", cv2.IMWRITE_PXM_BINARY, 0)
    yield "opencv_16.tif", by_opencv(ids(26001, "uint16"), ".tif")
    yield "opencv_signed.tif", by_opencv(ids(9, "int32"), ".tif")
    stretched = ids(3)
    yield "maxval_33.pgm", (b"P5\n%d %d\n33\n" % (WIDTH, HEIGHT) + stretched.tobytes(), stretched)
    # Samples of a PBM file are 1 where they are black.
    bitmap = ids(1)
    yield "bitmap.pbm", (b"P4\n%d %d\n" % (WIDTH, HEIGHT) + np.packbits(bitmap, axis=1).tobytes(), bitmap)
    # Instances in COCO's panoptic format.
    instances = ids(16_000_000, "uint32")
    yield "instances_panoptic.png", (by_opencv(panoptic(instances)[:, :, ::-1], ".png")[0], instances)
    yield "instances_panoptic_planes.tif", (
        by_tifffile(panoptic(instances).transpose(2, 0, 1), photometric="rgb", planarconfig="separate")[0],
        instances,
    )
    yield "instances_panoptic_webp.tif", (
        by_tifffile(panoptic(instances), photometric="rgb", compression="webp", compressionargs={"lossless": True}, tile=(16, 16))[0],
        instances,
    )
    yield "instances_panoptic_tiles.tif", (by_tifffile(panoptic(instances), photometric="rgb", tile=(16, 16))[0], instances)


def refused():
    """Files whose samples are no ids, and what is said of them."""
    values = ids(9)
    alpha = np.stack([values * 0] * 3 + [values], -1)
    yield "lossy WebP", "webp", by_file(np.stack([values] * 3, -1), "WEBP", quality=90)
    yield "with WebP", "tif", by_lossy_webp(np.stack([values] * 3, -1))
    yield "JPEG", "tif", by_file(values, "TIFF", compression="jpeg")
    yield "transparency", "png", by_file(alpha, "PNG")
    yield "transparency", "tif", by_file(alpha, "TIFF")
    yield "floating-point", "tif", by_file(values.astype(np.float32), "TIFF")
    negative = values.astype(np.int16)
    negative[3, 4] = -1
    yield "-1", "tif", by_tifffile(negative)[0]
    yield "16777216", "tif", by_tifffile(np.full((4, 4), 2**24, np.uint32))[0]
    yield "5 bands", "tif", by_tifffile(np.zeros((4, 4, 5), np.uint8), photometric="minisblack", planarconfig="contig")[0]


def by_lossy_webp(values):
    target = io.BytesIO()
    tifffile.imwrite(target, values, photometric="rgb", compression="webp", compressionargs={"level": 50, "lossless": False})
    return target.getvalue()


def by_file(values, format, **options):
    target = io.BytesIO()
    Image.fromarray(values).save(target, format, **options)
    return target.getvalue()


def main():
    tensors = {}
    for entry in files():
        name, (data, values) = entry
        tensors[f"{name}/file"] = np.frombuffer(data, np.uint8)
        tensors[f"{name}/ids"] = np.ascontiguousarray(values).astype(np.uint32)
    for number, (words, extension, data) in enumerate(refused()):
        tensors[f"refused {number:02} {words}.{extension}/file"] = np.frombuffer(data, np.uint8)
    folder = pathlib.Path(__file__).resolve().parents[2] / "tests" / "fixtures"
    save_file(tensors, folder / "ids.safetensors")
    print(len(tensors), "tensors,", (folder / "ids.safetensors").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
