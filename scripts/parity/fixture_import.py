"""Weight files as they are found in the world: every container of torch.save, prefixes, old leftovers, hostile ones."""

import collections
import io
import pathlib
import pickle
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import numpy as np
import torch
from torch import nn

from output import write_json, write_tensors
from patchgan import PatchDiscriminator, PixelDiscriminator
from pictures import photo
from resnet import Resnet
from unet import Unet
from weights import randomise, settle_running_statistics

# side of the pictures that the networks are tried on
SIZE = 64


def in_use(network, bytes_):
    """Output as PyTorch users save it, but rounded: test mode of the reference, batch statistics, no dropout."""
    network.train()
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    picture = (torch.from_numpy(bytes_).permute(2, 0, 1)[None].float() / 255.0 - 0.5) / 0.5
    with torch.no_grad():
        output = network(picture)[0].permute(1, 2, 0)
    return torch.round((output + 1.0) * 127.5).to(torch.uint8)


def legacy(weights, file):
    """The container of PyTorch 0.1.10 to 1.5."""
    torch.save(weights, file, _use_new_zipfile_serialization=False)


def tar(weights, file, extra=None):
    """The container before PyTorch 0.1.10, written from its description: no PyTorch of today writes it."""

    class Reference:
        """A tensor in the pickle, by its key."""

        def __init__(self, key):
            self.key = key

    class Pickler(pickle.Pickler):
        """Writes references as persistent ids."""

        def persistent_id(self, value):
            return value.key if isinstance(value, Reference) else None

    def add(name, content):
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))

    storages, tensors = io.BytesIO(), io.BytesIO()
    pickle.dump(len(weights) if extra is None else extra, storages, protocol=2)
    pickle.dump(len(weights), tensors, protocol=2)
    entries = collections.OrderedDict()
    for number, (name, value) in enumerate(weights.items()):
        storage, tensor = 1000 + number, 2000 + number
        pickle.dump((storage, "cpu", torch.FloatStorage), storages, protocol=2)
        storages.write(struct.pack("<q", value.numel()) + value.contiguous().numpy().tobytes())
        pickle.dump((tensor, storage, torch.FloatTensor), tensors, protocol=2)
        tensors.write(struct.pack("<ii", value.dim(), 0))
        for size in (*value.shape, *value.contiguous().stride(), 0):
            tensors.write(struct.pack("<q", size))
        entries[name] = Reference(str(tensor))
    pickle.dump([], storages, protocol=2)
    main = io.BytesIO()
    Pickler(main, protocol=2).dump(entries)
    system = {"protocol_version": 1000, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    with tarfile.open(file, "w:") as archive:
        add("sys_info", pickle.dumps(system, protocol=2))
        add("pickle", main.getvalue())
        add("tensors", tensors.getvalue())
        add("storages", storages.getvalue())


class Payload:
    """What a hostile file would run."""

    def __reduce__(self):
        import os

        return os.system, ("echo executed > executed",)


# calls whose results are thrown away: a plain one, and one through a module that whole models refer to
PLAIN_CALL = b"cbuiltins\nexec\nX\x0b\x00\x00\x00import this\x85R0"
MODULE_CALL = b"\x8c\x17torch.nn.modules.module\x8c\x0ftorch.os.getcwd\x93)R0"


def hidden_payload(weights, file, call, twice=False):
    """A zip whose pickle first makes a call, and then holds honest weights; or which has that pickle and an honest one."""
    honest = io.BytesIO()
    torch.save(weights, honest)
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(file, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("data.pkl"):
                if twice:
                    target.writestr(entry.filename, content[:2] + call + content[2:])
                else:
                    content = content[:2] + call + content[2:]
            target.writestr(entry.filename, content)


def check_payload(file):
    """That PyTorch does run what the program must refuse."""
    with tempfile.TemporaryDirectory() as place:
        code = f"import torch; torch.load({str(file.resolve())!r}, weights_only=False)"
        subprocess.run([sys.executable, "-c", code], cwd=place, check=False, capture_output=True)
        assert (pathlib.Path(place) / "executed").exists(), f"{file} is harmless"


def with_old_statistics(weights, network):
    """As PyTorch before 0.4 saved instance norms: running statistics that have no use."""
    old = collections.OrderedDict(weights)
    for name, module in network.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            channels = module.num_features
            old[f"{name}.running_mean"] = torch.full((channels,), 7.0)
            old[f"{name}.running_var"] = torch.full((channels,), 0.01)
    return old


def make(folder):
    """`import/*`: weight files; `import.safetensors`: the picture and what each network makes of it."""
    place = folder / "import"
    place.mkdir(exist_ok=True)
    picture = photo(77, SIZE, SIZE, 3)
    tensors = {"picture": torch.from_numpy(picture)}

    def network(name, module, seed):
        randomise(module, seed)
        if any(isinstance(layer, nn.BatchNorm2d) for layer in module.modules()):
            settle_running_statistics(module, torch.from_numpy(picture).permute(2, 0, 1)[None] / 127.5 - 1.0, seed)
        tensors[f"output.{name}"] = in_use(module, picture)
        return collections.OrderedDict(module.state_dict())

    resnet = Resnet(3, 3, 6, 1, "instance")
    plain = network("resnet", resnet, 1)
    torch.save(plain, place / "zip_net_G_A.pth")
    legacy(plain, place / "legacy.pth")
    tar(plain, place / "tar.pth")
    torch.save({f"module.{key}": value for key, value in plain.items()}, place / "parallel.pth")
    torch.save({key: value.double() for key, value in plain.items()}, place / "double.pth")
    torch.save(resnet, place / "whole_model.pth")
    torch.save(with_old_statistics(plain, resnet), place / "old_statistics.pth")
    # a view into a larger storage, and a transposed one
    views = collections.OrderedDict(plain)
    larger = torch.zeros(3, *plain["model.1.weight"].shape)
    larger[1] = plain["model.1.weight"]
    views["model.1.weight"] = larger[1]
    views["model.4.weight"] = plain["model.4.weight"].permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    torch.save(views, place / "views.pth")

    other = network("resnet_b", Resnet(3, 3, 6, 1, "instance"), 2)
    torch.save(other, place / "latest_net_G_B.pth")
    optimiser = {"state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2, 2)}}, "param_groups": [{"lr": 2e-4}]}
    torch.save({"epoch": 7, "score": np.float64(0.5), "netG": plain, "optimizer_G": optimiser}, place / "checkpoint.pth")
    torch.save({"G_A": plain, "G_B": other}, place / "two.pth")
    unknown = Resnet(3, 3, 5, 1, "instance").state_dict()
    judge = PatchDiscriminator(3, 2, 2, "instance").state_dict()
    torch.save({"netG": plain, "netD": judge, "rng_state": torch.get_rng_state(), "epoch": torch.tensor(5)}, place / "run.pth")
    torch.save({"netG": unknown, "netD": judge}, place / "unknown_generator.pth")
    torch.save(Unet(3, 3, 5, 1, "batch").state_dict(), place / "unet_32.pth")

    for kind in ("half", "bfloat16"):
        rounded = {key: getattr(value, kind)() for key, value in plain.items()}
        resnet.load_state_dict({key: value.float() for key, value in rounded.items()})
        tensors[f"output.{kind}"] = in_use(resnet, picture)
        torch.save(rounded, place / f"{kind}.pth")

    torch.save(network("dropout", Resnet(3, 1, 9, 1, "batch", dropout=True), 3), place / "dropout.pth")
    affine = Resnet(3, 3, 6, 1, "instance_affine")
    weights = network("affine", affine, 4)
    torch.save(weights, place / "affine.pth")
    torch.save(with_old_statistics(weights, affine), place / "affine_old_statistics.pth")
    torch.save(network("unet", Unet(3, 3, 6, 1, "batch"), 5), place / "latest_net_G.pth")

    discriminators = {
        "patch": PatchDiscriminator(6, 2, 3, "batch"),
        "patch_a": PatchDiscriminator(3, 2, 2, "instance"),
        "pixel": PixelDiscriminator(6, 4, "batch"),
    }
    for seed, (name, module) in enumerate(discriminators.items(), 10):
        torch.save(randomise(module, seed).state_dict(), place / f"{name}_net_D.pth")

    torch.save({**plain, "extra": Payload()}, place / "hostile_zip.pth")
    legacy({**plain, "extra": Payload()}, place / "hostile_legacy.pth")
    (place / "hostile_pickle.pth").write_bytes(pickle.dumps(Payload()))
    hidden_payload(plain, place / "hostile_hidden.pth", PLAIN_CALL)
    hidden_payload(plain, place / "hostile_module.pth", MODULE_CALL)
    hidden_payload(plain, place / "hostile_twice.pth", PLAIN_CALL, twice=True)
    tar(plain, place / "hostile_tar.pth", Payload())
    for kind in ("zip", "legacy"):
        check_payload(place / f"hostile_{kind}.pth")
    lying = collections.OrderedDict(plain)
    lying["model.1.weight"] = torch.zeros(1).expand(1024, 1024, 512, 1)
    torch.save(lying, place / "lying.pth")

    write_tensors(folder, "import", tensors)
    write_json(folder, "import", {"weights": sum(value.numel() for value in plain.values())})
