"""Pictures through a translator: what a file holds survives, and nothing is written where it should not be."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageCms
from torch import Tensor, nn

from sparring import games
from sparring.data import deep, derive, pictures
from sparring.data.batches import to_stored
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.games.picture_to_picture import Translation
from sparring.inference import model, translate
from sparring.inference.compare import GAP
from sparring.inference.jobs import lossless, plan
from sparring.inference.translate_files import run
from sparring.nn.latents import Latent


class Same(nn.Module):
    """What goes in."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures * self.weight


class Fifth(Same):
    """Five channels of three."""

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, [0, 1, 2, 0, 1]] * self.weight


def same(channels: int = 3, bits: int = 8) -> Translation:
    sort = {"channels": channels, "height": 16, "width": 16, "bits": bits}
    return Translation(Same(), Spec.model_validate(sort | {"inputs": sort}))


def noise(height: int, width: int, channels: int = 3, bits: int = 8) -> NDArray[Any]:
    drawn = np.random.default_rng(height).integers(0, 2**bits, (height, width, channels))
    return drawn.astype(np.uint8 if bits == 8 else np.uint16)


def through(product: Product, inputs: list[Path], out: Path) -> tuple[int, list[str]]:
    said: list[str] = []
    done = run(product, plan(inputs, out), said.append)
    assert [*done.skipped] == [line for line in said if not line.startswith("translated")]
    return done.written, [*done.skipped]


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (1, 16), (3, 16), (5, 16)])
def test_an_identity_gives_back_every_number(channels: int, bits: int, tmp_path: Path) -> None:
    pixels = noise(19, 33, channels, bits)
    product = same(channels, bits)
    assert np.array_equal(translate.picture(product, pixels), pixels)
    np.save(tmp_path / "a.npy", pixels)
    assert through(product, [tmp_path / "a.npy"], tmp_path / "b.npy") == (1, [])
    assert np.array_equal(np.load(tmp_path / "b.npy"), pixels)


@pytest.mark.parametrize(("ending", "channels"), [("png", 3), ("tif", 3), ("tiff", 5)])
def test_deep_colour_and_many_channels_come_back_equal(ending: str, channels: int, tmp_path: Path) -> None:
    pixels, write = noise(20, 24, channels, 16), deep.png if ending == "png" else deep.tiff
    alpha = noise(20, 24, 1, 16)[:, :, 0] if channels == 3 else None
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if channels == 3 else None
    (tmp_path / f"a.{ending}").write_bytes(write(pixels, alpha, profile))
    product = same(channels, 16)
    assert through(product, [tmp_path / f"a.{ending}"], tmp_path / f"b.{ending}") == (1, [])
    found = pictures.decode_whole(io.BytesIO((tmp_path / f"b.{ending}").read_bytes()))
    assert found.profile == profile and found.pixels.dtype == np.uint16
    if alpha is None:
        assert found.alpha is None and np.array_equal(found.pixels, pixels)
    else:  # as it looks on white
        assert np.array_equal(found.alpha, alpha)  # type: ignore[arg-type]
        assert np.array_equal(found.pixels, pictures.Whole(pixels, alpha, None).on_white())


def test_transparency_takes_the_depth_of_what_comes_out(tmp_path: Path) -> None:
    rgba = noise(12, 20, 4)
    Image.fromarray(rgba).save(tmp_path / "a.png")
    through(same(3, 16), [tmp_path / "a.png"], tmp_path / "b.png")
    found = pictures.decode_whole(io.BytesIO((tmp_path / "b.png").read_bytes()))
    assert np.array_equal(found.alpha, rgba[:, :, 3].astype(np.uint16) * 257)  # type: ignore[arg-type]


def test_a_hole_is_where_a_picture_is_transparent(tmp_path: Path) -> None:
    """A model of `data.pairs=mask` is given what it was given in training."""
    given: list[NDArray[np.generic]] = []

    class Seen(Same):
        def forward(self, pictures: Tensor) -> Tensor:
            given.append(to_stored(pictures, 8)[0])
            return pictures[:, :3]

    sort = {"channels": 3, "height": 16, "width": 16}
    filler = Translation(Seen(), Spec.model_validate(sort | {"inputs": sort | {"channels": 4, "holes": True}}))
    trained = derive.parse("mask")
    assert trained is not None
    pixels = noise(16, 20)
    expected = trained(pixels.transpose(2, 0, 1), 5).transpose(1, 2, 0)
    alpha = np.where(expected[:, :, 3] == 0, 0, np.where(noise(16, 20, 1)[:, :, 0] > 99, 255, 200)).astype(np.uint8)
    Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / "a.png")
    assert through(filler, [tmp_path / "a.png"], tmp_path / "b.png") == (1, [])
    assert np.array_equal(given[0], expected)
    with Image.open(tmp_path / "b.png") as found:
        assert found.mode == "RGB"  # whole again
        assert np.array_equal(np.asarray(found), expected[:, :, :3])
    np.save(tmp_path / "a.npy", expected)
    assert through(filler, [tmp_path / "a.npy"], tmp_path / "c.png") == (1, [])
    assert np.array_equal(given[1], expected)
    Image.fromarray(pixels).save(tmp_path / "d.png")
    _, skipped = through(filler, [tmp_path / "d.png"], tmp_path / "e.png")
    assert "erase what is missing, so that it is transparent" in skipped[0]


@pytest.mark.parametrize(("given", "taught"), [(8, 8), (16, 16), (16, 8)])
def test_what_is_no_hole_stays(given: int, taught: int) -> None:
    class Inverse(Same):
        def forward(self, pictures: Tensor) -> Tensor:
            return -pictures[:, :3] * self.weight

    sort = {"channels": 3, "height": 16, "width": 16, "bits": taught}
    filler = Translation(Inverse(), Spec.model_validate(sort | {"inputs": sort | {"channels": 4, "holes": True}}))
    most = 2**given - 1
    pixels = np.concatenate([noise(16, 20, bits=given), np.full((16, 20, 1), most, dtype=f"u{given // 8}")], 2)
    pixels[3:7, 5:9, 3] = 0
    drawn = translate.picture(filler, pixels)
    there = pixels[:, :, 3] > 0
    kept = pixels[:, :, :3] / most * (2**taught - 1)
    assert np.abs(drawn[there] - kept[there]).max() <= (0.5 if given != taught else 0)
    assert np.abs(drawn[~there] - (2**taught - 1 - kept[~there])).max() <= 1


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_deep_grey_files_come_back_equal(ending: str, tmp_path: Path) -> None:
    pixels = noise(20, 24, 1, 16)
    Image.fromarray(pixels[:, :, 0]).save(tmp_path / f"a.{ending}")
    through(same(1, 16), [tmp_path / f"a.{ending}"], tmp_path / f"b.{ending}")
    assert np.array_equal(np.asarray(Image.open(tmp_path / f"b.{ending}")), pixels[:, :, 0])


def test_transparency_profile_and_orientation_are_kept(tmp_path: Path) -> None:
    rgba = np.dstack([noise(12, 20), np.tile(np.arange(20, dtype=np.uint8) * 12, (12, 1))])
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(rgba).save(tmp_path / "a.png", icc_profile=profile, exif=turned)
    through(same(), [tmp_path / "a.png"], tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as found:
        assert found.mode == "RGBA" and found.size == (12, 20)  # upright
        assert found.info["icc_profile"] == profile
        assert found.getexif().get(0x0112, 1) == 1
        expected = np.rot90(rgba[:, :, 3], -1)
        assert np.array_equal(np.asarray(found)[:, :, 3], expected)
        opaque = expected == 228  # the last column is nearly so
        assert np.abs(np.asarray(found)[opaque][:, :3].astype(int) - np.rot90(rgba, -1)[opaque][:, :3]).max() <= 28


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("ending", ["png", "tif", "webp", "avif", "tga", "jp2", "gif"])
def test_forms_that_hold_transparency_keep_it(ending: str, channels: int, tmp_path: Path) -> None:
    pixels, alpha = np.full((16, 20, channels), 90, np.uint8), np.zeros((16, 20), np.uint8)
    alpha[4:12, 5:15] = 255
    whole = Image.fromarray(np.dstack([pixels, alpha])) if channels == 3 else Image.fromarray(pixels[:, :, 0])
    if channels == 1:
        whole.putalpha(Image.fromarray(alpha))
    whole.save(tmp_path / "a.png")
    through(same(channels), [tmp_path / "a.png"], tmp_path / f"b.{ending}")
    with Image.open(tmp_path / f"b.{ending}") as found:
        rgba = np.asarray(found.convert("RGBA")).astype(int)
    assert np.abs(rgba[:, :, 3] - alpha).max() < 20
    assert np.abs(rgba[6:10, 7:13, :3] - 90).max() < 8


def test_a_folder_keeps_its_structure_and_a_bad_file_is_named_and_counted(tmp_path: Path) -> None:
    for name in ("x/a.png", "x/y/b.bmp", "x/c.jpg"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(16, 9)).save(tmp_path / "in" / name)
    (tmp_path / "in" / "x" / "broken.png").write_bytes(b"no picture")
    Image.fromarray(noise(4, 4)).save(tmp_path / "in" / "small.png")
    (tmp_path / "in" / "notes.txt").write_text("left alone")
    written, skipped = through(same(), [tmp_path / "in"], tmp_path / "out")
    assert written == 3
    assert [Path(line.partition(": ")[0]).name for line in skipped] == ["small.png", "broken.png"]
    assert "too small" in skipped[0] and "not a picture" in skipped[1]
    there = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert there == ["x/a.png", "x/c.jpg", "x/y/b.bmp"]
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "x" / "y" / "b.bmp")), noise(16, 9))


def test_zips_globs_and_several_at_once(tmp_path: Path) -> None:
    for name in ("a1", "a2", "b1"):
        Image.fromarray(noise(10, 12)).save(tmp_path / f"{name}.png")
    with ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(tmp_path / "b1.png", "deep/b1.png")
    assert through(same(), [tmp_path / "a*.png"], tmp_path / "one") == (2, [])
    assert through(same(), [tmp_path / "set.zip", tmp_path / "a1.png"], tmp_path / "two") == (2, [])
    assert (tmp_path / "two" / "deep" / "b1.png").is_file() and (tmp_path / "two" / "a1.png").is_file()


def test_grey_goes_through_a_colour_model_and_colour_through_a_grey_one(tmp_path: Path) -> None:
    assert translate.picture(same(3), noise(8, 9, 1)).shape == (8, 9, 3)
    assert translate.picture(same(1), noise(8, 9, 3)).shape == (8, 9, 1)
    with pytest.raises(UsageError, match="a picture of 5 channels for a model that takes 3"):
        translate.picture(same(3), noise(8, 9, 5))


@pytest.mark.parametrize(
    ("inputs", "out", "words"),
    [
        (["here"], "here/out", "lies inside"),
        (["here"], "here", "lies inside"),
        (["here/a.png"], "here/a.png", "over its own source"),
        (["here/a.png"], "here", "over its own source"),
        (["here/a.png"], "new/name", "ends like a picture's"),
        (["here/here"], "here", "over its own source"),
        (["here", "here/a.png"], "there", r"a\.png and .*a\.png would be written as .*a\.png"),
        (["nowhere"], "out", "nothing at"),
        (["empty"], "out", "holds no pictures"),
        (["here"], "file.txt", "is a file, and several"),
        (["file.txt"], "out", "no picture, folder or zip"),
        (["no*.png"], "out", "nothing at"),
    ],
)
def test_what_would_go_wrong_is_refused_before_anything_is_read(
    inputs: list[str], out: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("text")
    Image.fromarray(noise(10, 12)).save(tmp_path / "here" / "a.png")
    (tmp_path / "here" / "here" / "here").mkdir(parents=True)
    for inner in ("here/here/a.png", "here/here/here/a.png"):
        Image.fromarray(noise(10, 12)).save(tmp_path / inner)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=words):
        plan([tmp_path / name for name in inputs], tmp_path / out)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command(tmp_path: Path) -> None:
    table = games.check({"name": "supervised", "width": 4})[0]
    spec = Spec(channels=1, height=16, width=16, inputs=Spec(channels=3, height=16, width=16))
    game = games.build(table, spec).eval()
    config = model.Config(sparring="0", game=table, spec=spec, recipe="r", data="d", images=1, seed=0)
    model.save(tmp_path / "model", config, game.product(dict(game.players.items())))
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(21, 30)).save(tmp_path / "in" / "a.png")

    def command(*words: object) -> "subprocess.CompletedProcess[str]":
        parts = [sys.executable, "-m", "sparring", "translate", *map(str, words)]
        return subprocess.run(parts, check=False, capture_output=True, text=True)

    done = command(tmp_path / "model", tmp_path / "in", tmp_path / "out", "--json")
    assert (done.returncode, json.loads(done.stdout)["written"]) == (0, 1)
    with Image.open(tmp_path / "out" / "a.png") as found:
        assert found.size == (30, 21)
    (tmp_path / "in" / "b.png").write_bytes(b"")
    (tmp_path / "in" / "c.heic").write_bytes(b"of a telephone")
    done = command(tmp_path / "model", tmp_path / "in", tmp_path / "out")
    assert done.returncode == 1
    assert "passed over, being no pictures that can be read: 1 (c.heic)" in done.stderr
    assert "b.png: the file is empty" in done.stderr and "1 pictures, 1 left out" in done.stdout
    done = command(tmp_path / "model", tmp_path / "in")
    assert (done.returncode, "where to" in done.stderr) == (2, True)
    a, true = tmp_path / "in" / "a.png", tmp_path / "out"
    done = command(tmp_path / "model", a, tmp_path / "c.png", "--compare", "--targets", true)
    assert done.returncode == 0 and "1 pictures" in done.stdout
    with Image.open(tmp_path / "c.png") as found:
        assert found.size == (3 * 30 + 2 * GAP, 21)
    done = command(tmp_path / "model", a, tmp_path / "d.png", "--targets", true)
    assert (done.returncode, "add --compare" in done.stderr) == (2, True)


def test_what_a_file_cannot_hold_becomes_an_array(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(10, 12)).save(tmp_path / "in" / "a.png")
    many = same(5, 16)
    many = replace(many, spec=many.spec.model_copy(update={"inputs": same().spec}), generator=Fifth())
    assert through(many, [tmp_path / "in"], tmp_path / "out") == (1, [])
    assert np.load(tmp_path / "out" / "a.png.npy").shape == (10, 12, 5)
    written, skipped = through(many, [tmp_path / "in" / "a.png"], tmp_path / "b.png")
    assert written == 0 and "5 channels of 16 bits do not fit into .png: name it b.npy" in skipped[0]
    Image.fromarray(noise(10, 12)).save(tmp_path / "c.jpg")
    assert (
        "3 channels of 16 bits do not fit into .jpg"
        in through(same(3, 16), [tmp_path / "c.jpg"], tmp_path / "d.jpg")[1][0]
    )


def test_a_picture_that_its_format_cannot_hold_costs_that_picture_alone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(8, 16400)).save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "a.png").rename(tmp_path / "in" / "a.webp")  # read by what it is, written by its name
    Image.fromarray(noise(10, 12)).save(tmp_path / "in" / "b.png")
    written, skipped = through(same(), [tmp_path / "in"], tmp_path / "out")
    assert written == 1 and "cannot be written as .webp" in skipped[0]


def test_a_profile_of_other_colours_is_left_out(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(noise(12, 20)).save(tmp_path / "a.png", icc_profile=profile)
    through(same(1), [tmp_path / "a.png"], tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as found:
        assert found.mode == "L" and "icc_profile" not in found.info


def test_foreign_byte_order_and_flat_arrays(tmp_path: Path) -> None:
    pixels = noise(9, 11, 1, 16)
    np.save(tmp_path / "a.npy", pixels.astype(">u2"))
    through(same(1, 16), [tmp_path / "a.npy"], tmp_path / "b.npy")
    assert np.array_equal(np.load(tmp_path / "b.npy"), pixels)
    with pytest.raises(UsageError, match="a picture is"):
        translate.picture(same(1), noise(9, 11, 1)[:, :, 0])


class Brightened(nn.Module):
    """What goes in, and the number that is told."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures[:, :3] + pictures[:, 3:] + self.weight


def many() -> Translation:
    return Translation(Brightened(), same().spec, latent=Latent(distribution="normal", noise=1))


def test_variants_are_numbered_and_the_same_for_all(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("a.png", "deep/b.png"):
        Image.fromarray(np.full((9, 12, 3), 128, np.uint8)).save(tmp_path / "in" / name)
    (tmp_path / "in" / "broken.png").write_bytes(b"no picture")

    def translated(place: str, variants: int | None) -> dict[str, int]:
        done = run(many(), plan([tmp_path / "in"], tmp_path / place, variants), lambda text: None)
        assert [line.partition(": ")[0] for line in done.skipped] == [str(tmp_path / "in" / "broken.png")]
        found = sorted((tmp_path / place).rglob("*.png"))
        assert done.written == len(found)
        return {str(path.relative_to(tmp_path / place)): int(np.asarray(Image.open(path))[0, 0, 0]) for path in found}

    plain, three = translated("plain", None), translated("three", 3)
    assert [*three] == ["a-1.png", "a-2.png", "a-3.png", "deep/b-1.png", "deep/b-2.png", "deep/b-3.png"]
    values = [three[f"a-{number}.png"] for number in (1, 2, 3)]
    assert len(set(values)) == 3 and values == [three[f"deep/b-{number}.png"] for number in (1, 2, 3)]
    assert plain == {"a.png": values[0], "deep/b.png": values[0]}
    assert translated("again", 3) == three


def test_variants_do_not_land_on_what_is_read(tmp_path: Path) -> None:
    for name in ("a", "a-1"):
        Image.fromarray(noise(10, 12)).save(tmp_path / f"{name}.png")
    jobs = plan([tmp_path / "a.png"], tmp_path / "b.png", 2)
    assert [(job.out.name, job.variant) for job in jobs] == [("b-1.png", 0), ("b-2.png", 1)]
    with pytest.raises(UsageError, match="over its own source"):
        plan([tmp_path / "a*.png"], tmp_path, 2)


def test_a_model_of_one_translation_has_no_variants(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="knows one translation of a picture"):
        translate.picture(same(), noise(10, 12), variant=1)
    table = games.check({"name": "supervised", "width": 4})[0]
    spec = same().spec
    game = games.build(table, spec).eval()
    config = model.Config(sparring="0", game=table, spec=spec, recipe="r", data="d", images=1, seed=0)
    model.save(tmp_path / "model", config, game.product(dict(game.players.items())))
    Image.fromarray(noise(21, 30)).save(tmp_path / "a.png")
    words = [str(tmp_path / "model"), str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--variants", "1"]
    command = [sys.executable, "-m", "sparring", "translate", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (done.returncode, "leave the variants out" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.png"]


def test_the_command_takes_a_domain_or_variants(tmp_path: Path) -> None:
    for name, spec, words, names in (
        ("stargan", same().spec.model_copy(update={"classes": ("day", "night")}), ["--to", "night"], ["a.png"]),
        ("augmented-cyclegan", same().spec, ["--variants", "2"], ["a-1.png", "a-2.png"]),
    ):
        table = games.check({"name": name, "width": 4})[0]
        game = games.build(table, spec).eval()
        config = model.Config(sparring="0", game=table, spec=spec, recipe="r", data="d", images=1, seed=0)
        model.save(tmp_path / name, config, game.product(dict(game.players.items())))
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.fromarray(noise(21, 30)).save(tmp_path / "in" / "a.png")
        paths = [str(tmp_path / name), str(tmp_path / "in"), str(tmp_path / f"of-{name}")]
        command = [sys.executable, "-m", "sparring", "translate", *paths, *words]
        assert subprocess.run(command, check=False).returncode == 0
        assert sorted(path.name for path in (tmp_path / f"of-{name}").iterdir()) == names


def test_videos_stay_videos_where_maps_come_out(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.mp4"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"of no matter")
    found = lossless(plan([tmp_path / "in"], tmp_path / "out"))
    assert [job.out.name for job in found] == ["a.png", "b.mp4"]


def test_four_channels_are_no_hole_for_a_model_that_was_taught_none(tmp_path: Path) -> None:
    sort = {"channels": 3, "height": 16, "width": 16}
    infrared = Translation(Same(), Spec.model_validate(sort | {"inputs": sort | {"channels": 4}}))
    Image.fromarray(noise(16, 20, 4)).save(tmp_path / "a.png")
    assert "3 channels for a model that takes 4" in through(infrared, [tmp_path / "a.png"], tmp_path / "b.png")[1][0]


def test_no_two_pictures_are_written_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(noise(16, 20)).save(tmp_path / "in" / "a.png")
    np.save(tmp_path / "in" / "a.png.npy", noise(16, 20))
    sort = {"channels": 5, "height": 16, "width": 16}
    product = Translation(Fifth(), Spec.model_validate(sort | {"inputs": sort | {"channels": 3}}))
    written, skipped = through(product, [tmp_path / "in"], tmp_path / "out")
    assert written == 1 and "as another picture was: rename one" in skipped[0]


def test_what_a_glob_finds_goes_into_a_folder_however_much_it_is(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "read.txt").write_text("me")
    for name in ("a.png", "b.ico"):
        Image.fromarray(noise(16, 16)).save(tmp_path / "in" / name)
    assert through(same(), [tmp_path / "in" / "*.png"], tmp_path / "one") == (1, [])
    assert through(same(), [tmp_path / "in" / "*"], tmp_path / "all") == (2, [])
    assert [path.name for path in sorted((tmp_path / "all").iterdir())] == ["a.png", "b.ico.png"]


def test_foreign_bytes_are_named_and_left_out(tmp_path: Path) -> None:
    whole = io.BytesIO()
    np.save(whole, noise(16, 20))
    header = whole.getvalue()[:128].replace(b"(16, 20, 3)", b"(9999999999, 20, 3)")[:128]
    files = {
        "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        "huge.npy": header,
        "short.npy": whole.getvalue()[:-1],
        "none.npy": b"PK",
    }
    objects = io.BytesIO()
    np.save(objects, np.array([{}], dtype=object))
    (tmp_path / "in").mkdir()
    for name, content in (files | {"objects.npy": objects.getvalue()}).items():
        (tmp_path / "in" / name).write_bytes(content)
    Image.fromarray(noise(16, 20)).save(tmp_path / "in" / "z.png")
    written, skipped = through(same(), [tmp_path / "in"], tmp_path / "out")
    assert written == 1
    found = {line.split(": ")[0].rpartition("/")[2]: line.partition(": ")[2] for line in skipped}
    assert found == {
        "huge.npy": "its end is missing",
        "none.npy": "not a .npy array",
        "objects.npy": "holds objects of Python, not numbers: save it as uint8 or uint16",
        "postscript.png": "not a picture that can be read",
        "short.npy": "its end is missing",
    }
