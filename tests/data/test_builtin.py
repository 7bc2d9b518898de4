"""Embedded sets, and named real ones where a folder has them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import sparring.data
from sparring.config import Data
from sparring.data import builtin
from sparring.data.dataset import open_dataset
from sparring.data.recognise import open_source
from sparring.data.shapes import COLOURS, SHAPES, Factors, render
from sparring.data.synthetic import PointSource
from sparring.errors import UsageError


def test_digits_are_enlarged_unless_asked_otherwise() -> None:
    large, small = open_dataset(Data(path="digits")), open_dataset(Data(path="digits", size=8))
    assert large.spec.shape == (1, 32, 32) and len(large) == 1797 and "data.size=8" in large.notes[0]
    assert small.spec.shape == (1, 8, 8) and small.notes == []
    from sklearn.datasets import load_digits

    assert np.array_equal(np.rint(small.rows(np.arange(1797)).numpy()[:, 0] * (16 / 255)), load_digits().images)


def test_shapes_are_what_their_factors_say() -> None:
    source = open_source("shapes", size=(24, 40))
    assert source.factors is not None and source.captions is not None
    assert source.read(0).shape == (24, 40, 3) and source.classes == SHAPES
    assert np.array_equal(source.read(77), open_source("shapes", size=(24, 40)).read(77))
    for index in (0, 777, 3000):
        name, colour = source.factors["shape"][index], source.factors["colour"][index]
        caption = source.captions[index]
        assert source.labels is not None and SHAPES[source.labels[index]] == name
        assert f"{source.factors['size'][index]} {colour} {name} {source.factors['place'][index]}" in caption
        assert caption.startswith("the outline of") == (source.factors["fill"][index] == "outline")
        pixels = source.read(index).reshape(-1, 3).tolist()
        assert list(COLOURS[colour]) in pixels and pixels[0] == [255, 255, 255]
        across = np.flatnonzero((source.read(index) < 250).any((0, 2)))
        assert abs(across.mean() - source.factors["x"][index] * 40) < 1.5


def test_the_splits_of_shapes_differ() -> None:
    train, test = open_source("shapes"), open_source("shapes", "test")
    assert not np.array_equal(train.read(0), test.read(0))
    with pytest.raises(UsageError, match="shapes has no split 'val'"):
        open_source("shapes", "val")


def test_an_outline_lies_on_the_edge_of_its_filled_shape() -> None:
    filled = render(Factors(2, (0, 0, 0), 0.3, 0.5, 0.5, True), 64, 64)[:, :, 0] < 128
    outline = render(Factors(2, (0, 0, 0), 0.3, 0.5, 0.5, False), 64, 64)[:, :, 0] < 128
    assert outline.any() and not outline[32, 32] and filled[32, 32] and not (outline & ~filled).any()


def test_a_circle_has_the_area_of_a_circle() -> None:
    cover = 1 - render(Factors(0, (0, 0, 0), 0.3, 0.5, 0.5, True), 64, 96).mean() / 255
    assert cover * 64 * 96 == pytest.approx(np.pi * (0.3 * 64) ** 2, rel=0.01)


@pytest.mark.parametrize(("name", "count", "radius"), [("ring8", 8, 0.9), ("grid25", 25, 0.9 * 2**0.5)])
def test_toys_lie_around_their_modes(name: str, count: int, radius: float) -> None:
    source = open_source(name)
    assert isinstance(source, PointSource) and source.modes.shape == (count, 2)
    points = source.array.reshape(-1, 2)
    assert np.abs(points).max() <= 1 and np.linalg.norm(source.modes, axis=1).max() == pytest.approx(radius)
    offsets = points[:, None] - source.modes
    nearest = np.linalg.norm(offsets, axis=2).argmin(1)
    assert set(nearest.tolist()) == set(range(count))
    assert offsets[np.arange(len(points)), nearest].std() == pytest.approx(source.sigma, rel=0.02)


def test_a_real_set_is_looked_for_where_packages_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(builtin, "SYSTEM", tmp_path / "system")
    with pytest.raises(UsageError, match=r"'mnist' is not here \(looked for data/mnist and .*system/mnist\)"):
        open_source("mnist")
    (tmp_path / "system/mnist").mkdir(parents=True)
    np.save(tmp_path / "system/mnist/x.npy", np.zeros((3, 28, 28), np.uint8))
    assert len(open_source("mnist")) == 3
    (tmp_path / "data/mnist").mkdir(parents=True)
    np.save(tmp_path / "data/mnist/x.npy", np.zeros((4, 28, 28), np.uint8))
    assert len(open_source("mnist")) == 4


def test_importing_the_package_is_light() -> None:
    heavy = "{'torch', 'sklearn', 'scipy', 'matplotlib'}"
    code = f"import sys, sparring.data, sparring.data.recognise, sparring.data.check; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(sparring.data, name) is not None for name in sparring.data.__all__)
