"""Tiny files of every kind, made in a temporary folder."""

import io
import itertools
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Save = Callable[..., Path]
Zip = Callable[[Path, Path], Path]
Tar = Callable[[str, Mapping[str, bytes]], Path]


@pytest.fixture
def save() -> Save:
    """Write a picture of noise: `save(path, size=(width, height), mode="RGB", seed=0)`."""

    def write(path: Path, size: tuple[int, int] = (16, 16), mode: str = "RGB", seed: int = 0) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
        Image.fromarray(pixels).convert(mode).save(path)
        return path

    return write


@pytest.fixture
def class_folders(tmp_path: Path, save: Save) -> Path:
    """`set/{train,test}/{cat,dog}/*.png`: 6 to train on, 2 to test on, with litter between."""
    root = tmp_path / "set"
    for seed, name in enumerate(
        ["train/cat/0", "train/cat/1", "train/dog/0", "train/dog/1", "train/dog/2", "train/dog/3"]
    ):
        save(root / f"{name}.png", seed=seed)
    save(root / "test/cat/9.png", seed=9)
    save(root / "test/dog/8.png", seed=8)
    save(root / "__MACOSX/train/cat/._0.png")
    save(root / "train/cat/.hidden.png")
    (root / "train/Thumbs.db").write_bytes(b"x")
    return root


@pytest.fixture
def packed() -> Zip:
    """Zip a folder, its own name included: `packed(folder, destination)`."""

    def pack(folder: Path, destination: Path) -> Path:
        with zipfile.ZipFile(destination, "w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, f"{folder.name}/{path.relative_to(folder)}")
        return destination

    return pack


@pytest.fixture
def truncated(save: Save) -> Callable[[Path], Path]:
    """Write the first half of a picture."""

    def write(path: Path) -> Path:
        data = save(path).read_bytes()
        path.write_bytes(data[: len(data) // 2])
        return path

    return write


@pytest.fixture
def png(tmp_path: Path, save: Save) -> Callable[[int], bytes]:
    """The bytes of a picture of noise, by its seed."""
    return lambda seed: save(tmp_path / "one.png", seed=seed).read_bytes()


@pytest.fixture
def tar(tmp_path: Path) -> Tar:
    """Write `set/<name>` with these files: `tar(name, {file: bytes})`."""

    def write(name: str, files: Mapping[str, bytes]) -> Path:
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path, "w") as archive:
            for file, data in files.items():
                member = tarfile.TarInfo(file)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return path

    return write


@pytest.fixture
def shards(tmp_path: Path, tar: Tar, png: Callable[[int], bytes]) -> Path:
    """`set/{train,test}-000{0,1,2}.tar` of five samples each; the class is the seed modulo 3."""
    for part, shard in itertools.product(("train", "test"), range(3)):
        files = {}
        for seed in range(5 * shard, 5 * shard + 5):
            files[f"{seed:06d}.png"] = png(seed + 100 * (part == "test"))
            files[f"{seed:06d}.cls"] = str(seed % 3).encode()
        tar(f"{part}-{shard:04d}.tar", files)
    return tmp_path / "set"
