"""What a run will take is said before it starts, and what cannot fit is refused with what would."""

import re
from functools import partial
from pathlib import Path

import pytest
import torch

import sparring
from sparring import files
from sparring.errors import UsageError
from sparring.runs import folder, preflight
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare, smaller
from sparring.runs.preview import preview
from sparring.runs.session import Session, Silent
from sparring.training import memory

SMALL = ["data.size=16", "game.width=8", "batch_size=64"]


def session(recipe: str = "dcgan", *settings: str, images: int = 6400) -> Session:
    return prepare(resolve(recipe, [*SMALL, *settings], data="digits", images=images), "x", Silent())


def forecast(made: Session) -> preflight.Forecast:
    return preflight.forecast(made.recipe, made, partial(smaller, made))


@pytest.mark.parametrize("recipe", ["dcgan", "relativistic", "wgan-gp"])
def test_memory_of_a_large_batch_is_known_from_small_ones(recipe: str) -> None:
    wanted = preview(session(recipe)).memory["a step in all"]
    assert forecast(session(recipe)).memory == pytest.approx(wanted, rel=0.02)


@pytest.mark.parametrize("settings", [(), ("game.aids.packing=4",)])
def test_what_cannot_fit_is_refused_with_the_batch_that_would(
    settings: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session("dcgan", *settings)
    needed = forecast(made).memory
    monkeypatch.setattr(memory, "free", lambda device: int(0.8 * needed))
    with pytest.raises(UsageError, match=r"are free: set batch_size=\d+") as refused:
        forecast(made)
    batch = int(re.findall(r"set batch_size=(\d+)", str(refused.value))[0])
    assert 16 < batch < 64
    assert batch % made.trainer.game.multiple == 0
    assert forecast(session("dcgan", *settings, f"batch_size={batch}")).memory <= 0.8 * needed
    monkeypatch.setattr(memory, "free", lambda device: 1000)
    with pytest.raises(UsageError, match=r"smaller game\.width or data\.size"):
        forecast(made)


def test_a_refused_run_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda device: 1000)
    with pytest.raises(UsageError, match="are free"):
        sparring.train("gan", data="digits", runs=tmp_path / "runs", name="a", images=64, forecast=True)
    assert not (tmp_path / "runs").exists()


def test_it_changes_nothing_of_the_run(tmp_path: Path) -> None:
    sums = []
    for name, asked in (("plain", False), ("asked", True)):
        run = sparring.train(
            "dcgan", *SMALL, data="digits", runs=tmp_path, name=name, images=192, seed=3, forecast=asked
        )
        sums.append(files.sha256(Path(run.folder) / "model" / "model.safetensors"))
    assert sums[0] == sums[1]


def test_times_follow_the_budget() -> None:
    found = forecast(session(images=1_000_000))
    assert found.whole == pytest.approx(1_000_000 / found.images_per_second)
    assert found.first_grid == pytest.approx(10_000 / found.images_per_second)
    short = forecast(session(images=100))
    assert short.first_grid == short.whole


def test_free_memory_is_the_least_that_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert memory.free(cpu) is None
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2000 kB\n")
    assert memory.free(cpu) == 2000 * 1024
    (tmp_path / "memory.max").write_text("1500000\n")
    (tmp_path / "memory.current").write_text("500000\n")
    assert memory.free(cpu) == 1_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.free(cpu) == 2000 * 1024


def test_the_largest_batch_that_fits_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ("data.size=16", "game.width=8", "data.path=digits", "batch_size=auto", "optimizer.lr=1e-4")
    fits = preview(session("dcgan", "batch_size=64")).memory["a step in all"]
    monkeypatch.setattr(memory, "free", lambda device: int(1.3 * fits))
    said: list[str] = []
    outcome = sparring.train("dcgan", *settings, runs=tmp_path, name="a", images=256, observer=Heard(said))
    made = folder.find(tmp_path / "a").recipe()
    assert (made.batch_size, made.optimizer.lr, outcome.images) == (64, 1e-4, 256)
    assert "batch_size=64 fits into memory" in said
    monkeypatch.setattr(memory, "free", lambda device: 1000)
    with pytest.raises(UsageError, match=r"batch_size=auto: a step with 2 pictures takes"):
        sparring.train("dcgan", *settings, runs=tmp_path, name="b", images=256)
    monkeypatch.setattr(memory, "free", lambda device: None)
    with pytest.raises(UsageError, match=r"batch_size=auto: the system does not say"):
        sparring.train("dcgan", *settings, runs=tmp_path, name="b", images=256)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_the_largest_batch_is_no_large_part_of_the_set() -> None:
    made = session("dcgan", "game.aids.packing=4")  # 1,797 digits
    assert preflight.batch_that_fits(made, partial(smaller, made)) == 128


class Heard(Silent):
    """Keeps what it is told."""

    def __init__(self, said: list[str]) -> None:
        self.said = said

    def say(self, text: str) -> None:
        self.said.append(text)
