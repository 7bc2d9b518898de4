"""`sparring classify` as a person types it."""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import sparring
from sparring import games
from sparring.cli.main import main
from sparring.config import Data
from sparring.data import open_dataset
from sparring.data.spec import Spec
from sparring.inference import model

DIGITS = tuple("0123456789")


class Run:
    """What a command said and how it ended; in this process, since to start another takes seconds."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        monkeypatch.chdir(place)
        self._patch, self._captured = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._patch.setattr(sys, "argv", ["sparring", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = self._captured.readouterr()
        return int(ended.value.code or 0), said.out, said.err


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in a temporary folder: `code, out, err = run("classify", ...)`."""
    return Run(tmp_path, monkeypatch, capsys)


def ship(folder: Path, name: str = "semi-supervised", classes: tuple[str, ...] = DIGITS, channels: int = 1) -> Path:
    """A model folder with fresh weights."""
    torch.manual_seed(0)
    spec = Spec(channels=channels, height=8, width=8, classes=classes)
    table = games.check({"name": name, "width": 4, "latent": 5})[0]
    game = games.build(table, spec)
    config = model.Config(sparring="0", game=table, spec=spec, recipe=name, data="digits", images=1, seed=0)
    model.save(folder, config, game.eval().product(dict(game.players.items())))
    return folder


def test_a_set_with_the_same_classes_is_marked(tmp_path: Path, run: Run) -> None:
    ship(tmp_path / "model")
    code, out, err = run("classify", "model", "digits", "--out", "labels.csv", "--json")
    assert code == 0, err
    said = json.loads(out)
    assert (said["out"], said["pictures"], list(said["classes"])) == ("labels.csv", 1797, list(DIGITS))
    assert sum(said["classes"].values()) == 1797
    with (tmp_path / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1797
    assert list(rows[0]) == ["file", "class", "confidence"]
    assert len({row["file"] for row in rows}) == 1797
    assert {name: sum(row["class"] == name for row in rows) for name in DIGITS} == said["classes"]
    assert all(0.1 <= float(row["confidence"]) <= 1 for row in rows)

    digits = open_dataset(Data(path="digits", size=8))
    assert digits.stored is not None and digits.labels is not None
    scores = sparring.load(tmp_path / "model").classify(digits.stored.numpy().transpose(0, 2, 3, 1))
    assert [row["class"] for row in rows] == [DIGITS[number] for number in scores.argmax(1)]
    assert said["accuracy"] == pytest.approx(float((scores.argmax(1) == digits.labels).mean()))


def pictures(folder: Path, names: tuple[str, ...], size: int = 20) -> Path:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 255, (size, size, 3)).astype(np.uint8)
        Image.fromarray(noise).save(folder / name)
    return folder


def test_one_s_own_pictures_of_any_size_and_colour(tmp_path: Path, run: Run) -> None:
    ship(tmp_path / "model")
    pictures(tmp_path / "own", ("a, b.png", "c.png", "ü.png"))
    code, out, err = run("classify", "model", "own", "--out", "labels.csv")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].split() == ["class", "pictures"]
    assert len(lines) == 12  # ten classes, and no word on how many are right
    assert lines[-1] == "labels.csv: 3 rows"
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["a, b.png", "c.png", "ü.png"]
    assert run("classify", "model", "own", "data.fit=pad")[0] == 0


def test_classes_are_compared_by_name(tmp_path: Path, run: Run) -> None:
    ship(tmp_path / "model", classes=("bird", "cat", "dog"))
    pictures(tmp_path / "known/test", ("dog/1.png", "cat/2.png", "dog/3.png"))
    pictures(tmp_path / "known/train", ("dog/4.png", "cat/5.png"))
    _, out, _ = run("classify", "model", "known", "--split", "test", "--json", "--out", "labels.csv")
    said = json.loads(out)
    with (tmp_path / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert said["pictures"] == 3
    right = [Path(row["file"]).parent.name == row["class"] for row in rows]
    assert said["accuracy"] == pytest.approx(sum(right) / 3)
    pictures(tmp_path / "other", ("dog/1.png", "fish/2.png"))
    assert json.loads(run("classify", "model", "other", "--json")[1])["accuracy"] is None


def test_what_is_wrong_is_one_line(tmp_path: Path, run: Run) -> None:
    ship(tmp_path / "plain", name="dcgan")
    ship(tmp_path / "model")
    own = pictures(tmp_path / "own", ("a.png", "b.png"))
    (own / "torn.png").write_bytes((own / "a.png").read_bytes()[:90])
    cases: list[tuple[tuple[str, ...], int, str]] = [
        (("plain", "own"), 2, "a model of game 'dcgan' has no classifier"),
        (("plain", "nosuch"), 2, "a model of game 'dcgan' has no classifier"),
        (("nosuch", "own"), 2, "no model or run at nosuch"),
        (("model", "nosuch"), 2, "nosuch"),
        (("model", "own"), 1, "torn.png"),
        (("model", "own", "fiit=pad"), 2, "data.fiit: unknown key, did you mean 'fit'?"),
        (("model", "own", "--skip-bad", "--out", "no/where/labels.csv"), 1, "no/where/labels.csv"),
    ]
    before = sorted(tmp_path.rglob("*"))
    for arguments, code, said in cases:
        ended, out, err = run("classify", *arguments)
        assert (ended, out) == (code, ""), arguments
        assert said in err and len(err.splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert run("classify", "model", "own", "--skip-bad")[0] == 0
