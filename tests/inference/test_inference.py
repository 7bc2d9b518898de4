"""Model folders, samples and drawings."""

import io
import json
import pickle
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image

import sparring
from sparring import files, games
from sparring.data.spec import Spec
from sparring.errors import SparringError, UsageError
from sparring.games.base import Sampler, sampler
from sparring.inference import draw, model, sample
from sparring.inference.write import write

SPEC = Spec(channels=1, height=16, width=16)


def product(spec: Spec = SPEC, name: str = "dcgan") -> Sampler:
    torch.manual_seed(0)
    game = games.build(games.check({"name": name, "width": 4, "latent": 6})[0], spec)
    made = sampler(game.product(dict(game.players.items())))
    with torch.no_grad():
        for parameter in made.generator.parameters():
            parameter.mul_(10)  # fresh DCGAN weights draw one flat grey
    made.generator.eval()
    return made


def saved(folder: Path, spec: Spec = SPEC) -> Path:
    table = games.check({"name": "dcgan", "width": 4, "latent": 6})[0]
    config = model.Config(sparring="0", game=table, spec=spec, recipe="dcgan", data="noise", images=1, seed=0)
    model.save(folder / "model", config, product(spec))
    return folder / "model"


def test_a_picture_depends_on_its_number_and_the_seed_alone() -> None:
    made = product()
    many = sample.array(made, 150, seed=4)
    assert many.dtype == np.uint8
    assert (sample.array(made, 3, seed=4) == many[:3]).all()
    assert (sample.array(made, 70, seed=4, first=60) == many[60:130]).all()
    assert (sample.array(made, 150, seed=5) != many).any()
    torch.manual_seed(77)
    assert (sample.array(made, 150, seed=4) == many).all()
    assert len({picture.tobytes() for picture in many}) == 150


def test_a_model_loads_with_no_flags_and_draws_the_same(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    loaded = sparring.load(folder)
    assert (loaded.sample(5, seed=3) == sample.array(product(), 5, seed=3)).all()
    assert (sparring.load(tmp_path).sample(5, seed=3) == loaded.sample(5, seed=3)).all()
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "README.md"}
    card = (folder / "README.md").read_text()
    assert "sparring.load" in card
    assert "16 x 16" in card
    with pytest.raises(UsageError):
        loaded.sample(0)


class Evil:
    """Leaves a file behind if somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def edit(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))


def test_foreign_and_damaged_folders_are_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    good = (folder / "model.safetensors").read_bytes()
    table = json.loads((folder / "config.json").read_text())["game"]

    evil = pickle.dumps(Evil(tmp_path / "pwned"))
    (folder / "model.safetensors").write_bytes(evil)
    with pytest.raises(SparringError, match="fails its checksum"):
        sparring.load(folder)
    edit(folder, sha256=files.sha256(folder / "model.safetensors"))
    with pytest.raises(SparringError, match=r"cannot read .*model\.safetensors"):
        sparring.load(folder)
    assert not (tmp_path / "pwned").exists()

    (folder / "model.safetensors").write_bytes(good)
    edit(folder, sha256=files.sha256(folder / "model.safetensors"))
    sparring.load(folder)
    edit(folder, game=table | {"width": 8})
    with pytest.raises(SparringError, match="does not fit"):
        sparring.load(folder)
    for width, said in ((4096, "does not fit"), (10**9, "less than or equal")):  # takes no memory to find out
        edit(folder, game=table | {"width": width})
        with pytest.raises(SparringError, match=said):
            sparring.load(folder)
    edit(folder, game=table | {"name": "../../os"})
    with pytest.raises(SparringError, match="unknown game"):
        sparring.load(folder)
    edit(folder, game=table, format=2)
    with pytest.raises(SparringError, match="not of this format: format"):
        sparring.load(folder)
    (folder / "config.json").write_text("{")
    with pytest.raises(SparringError, match=r"cannot read .*config\.json"):
        sparring.load(folder)


def test_what_is_not_a_model_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Evil(tmp_path / "pwned")))
    with pytest.raises(UsageError, match=r"evil\.pt is a file"):
        sparring.load(tmp_path / "evil.pt")
    assert not (tmp_path / "pwned").exists()
    with pytest.raises(UsageError, match="no model or run at"):
        sparring.load(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="neither a model folder nor a run"):
        sparring.load(tmp_path)
    (tmp_path / "recipe.toml").touch()
    with pytest.raises(SparringError, match=r"no model yet.*sparring resume"):
        sparring.load(tmp_path)


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (4, 8), (2, 8), (1, 16), (3, 16), (4, 16)])
def test_a_png_holds_the_picture_exactly(channels: int, bits: int) -> None:
    spec = Spec.model_validate({"channels": channels, "height": 5, "width": 7, "bits": bits})
    dtype = np.uint8 if bits == 8 else np.uint16
    picture = np.random.default_rng(0).integers(0, 2**bits, (5, 7, channels)).astype(dtype)
    assert draw.can_be_png(spec)
    content = draw.png(picture)
    back = np.asarray(Image.open(io.BytesIO(content))) if bits == 8 else imagecodecs.png_decode(content)
    assert (back.reshape(picture.shape) == picture).all()


def test_a_folder_of_samples(tmp_path: Path) -> None:
    said = write(product(), 70, 1, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[0] == "000000.png"
    assert len(names) == 70
    assert "PNG" in said
    with Image.open(tmp_path / "out" / "000069.png") as drawn:
        first = np.asarray(drawn)
    assert (first == sample.array(product(), 70, 1)[69, :, :, 0]).all()


def test_pictures_that_no_png_can_hold(tmp_path: Path) -> None:
    spec = Spec(channels=5, height=16, width=16)
    write(product(spec), 2, 1, tmp_path / "out")
    assert np.load(tmp_path / "out" / "000001.npy").shape == (16, 16, 5)


def test_a_folder_may_have_a_dot_in_its_name(tmp_path: Path) -> None:
    for name in ("faces-v1.5", "there.png"):
        if name == "there.png":
            (tmp_path / name).mkdir()
        write(product(), 2, 1, tmp_path / name)
        assert (tmp_path / name / "000001.png").exists()


def test_a_device_that_is_not_there(tmp_path: Path) -> None:
    for device in ("nonsense", "meta"):
        with pytest.raises(UsageError, match="this machine has no device"):
            sparring.load(saved(tmp_path), device)


def test_one_array_and_one_sheet(tmp_path: Path) -> None:
    write(product(), 9, 1, tmp_path / "a.npz")
    assert np.load(tmp_path / "a.npz")["arr_0"].shape == (9, 16, 16, 1)
    write(product(), 9, 1, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.size[0] > 3 * 16
    with pytest.raises(UsageError, match=r"a\.gif"):
        write(product(), 9, 1, tmp_path / "a.gif")
    with pytest.raises(UsageError, match="this is a file"):
        (tmp_path / "file").touch()
        write(product(), 9, 1, tmp_path / "file")


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 8), (5, 8), (1, 16), (3, 16), (2, 32)])
def test_a_sheet_of_anything(channels: int, bits: int) -> None:
    size = (1, 1) if bits == 32 else (6, 9)
    spec = Spec.model_validate({"channels": channels, "height": size[0], "width": size[1], "bits": bits})
    made = product(spec, name="gan")
    drawn = Image.open(io.BytesIO(draw.sheet(sample.array(made, 10), spec)))
    assert min(drawn.size) > 20
    assert drawn.mode == ("RGB" if channels in (3, 5) else "L")


def test_a_sheet_shows_pictures_in_reading_order() -> None:
    pictures = np.zeros((4, 2, 2, 1), np.uint8)
    pictures[1] = 100
    drawn = np.asarray(Image.open(io.BytesIO(draw.sheet(pictures, Spec(channels=1, height=2, width=2)))))
    height, width = drawn.shape
    assert drawn[height // 5, width - width // 5] == 100
    assert drawn[height - height // 5, width // 5] == 0
