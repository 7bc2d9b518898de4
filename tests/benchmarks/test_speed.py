"""The plumbing of the table of speeds: both sides have the same networks, and what is counted is counted right."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import first_step, notes, plain, speed_growth, speed_table
from benchmarks.speed_gpu import LARGE, NUMBERS, on_noise
from benchmarks.speed_measures import in_a_process, memory_of, most_held, noise, operations
from benchmarks.speed_sides import (
    NETWORKS,
    PLAIN_ORDER,
    Elsewhere,
    Place,
    Side,
    Work,
    decoded,
    ours,
    session_of,
    theirs,
)
from benchmarks.speed_table import WORKS
from sparring import games
from sparring.data.spec import Spec
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Session, Silent
from sparring.training.speed import Speed

PLACES = {"gan": Spec(channels=1, height=28, width=28), "dcgan-celeba": Spec(channels=3, height=64, width=64)}


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_notes_networks_are_those_of_our_games(name: str) -> None:
    spec = PLACES.get(name, Spec(channels=3, height=32, width=32))
    game = games.build(resolve(name, images=1).game, spec)
    for player, network in zip(("generator", "discriminator"), NETWORKS[name](), strict=True):
        shapes = [tuple(parameter.shape) for parameter in game.players[player].parameters()]
        assert shapes == [tuple(parameter.shape) for parameter in network.parameters()]


def test_the_notes_loop_shows_every_picture_once_an_epoch() -> None:
    generator, discriminator = notes.gan_networks()
    pictures = np.zeros((10, 28, 28, 1), np.uint8)
    loop = notes.loop(
        generator,
        discriminator,
        pictures,
        batch_size=4,
        latent=100,
        uniform=True,
        real_label=0.9,
        lr=1e-3,
        betas=(0.0, 0.9),
    )
    assert [next(loop) for _ in range(4)] == [4, 4, 2, 4]


def batches() -> Iterator[int]:
    while True:
        yield 3


def test_a_turn_counts_pictures_of_whole_steps() -> None:
    side = Side(batches())
    assert side.step() == 3
    assert side.turn(0) > 0
    taken: list[int] = []
    counting = Side(taken.append(number) or 1 for number in range(100))  # type: ignore[func-returns-value]
    counting.turn(0, least=7)
    assert taken == list(range(7))


def three_at_a_time() -> Side:
    return Side(3 for _ in range(10**6))


def test_a_side_in_another_process_takes_turns_too() -> None:
    side = Elsewhere(three_at_a_time)
    assert side.turn(0, least=5) > 0 and side.turn(0.01) > 0


def work_on(place: Place, title: str) -> Work:
    (work,) = (work for work in WORKS if work.title == title)
    side, channels = (28, 1) if title == "gan" else (16, 3)
    noise(place.data / "noise.npy", 12, side, channels)
    settings = {
        "gan": ("batch_size=4",),
        "cyclegan": ("game.width=4", "data.inputs={data}/noise.npy"),
    }
    small = settings.get(title, ("batch_size=4", "game.width=4"))
    return Work(title, "", work.recipe, "noise.npy", work.against, None, small)


@pytest.mark.parametrize(
    ("title", "shown"), [("gan", 4), ("wgan-gp", 20), ("relativistic", 4), ("cyclegan", 1), ("sampling", 64)]
)
def test_both_sides_go_on_and_show_as_many_pictures_a_step(title: str, shown: int, tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path)
    work = work_on(place, title)
    if title == "sampling":  # the notes' networks are of their own size
        work = Work(title, "", work.recipe, "noise.npy", work.against, None, ("batch_size=4", "data.size=32"))
    for side in (theirs(work, place), ours(work, session_of(work, place))):
        assert [side.step() for _ in range(2)] == [shown, shown]
        assert operations(side) > 0


@pytest.mark.parametrize("title", ["wgan-gp", "relativistic"])
def test_plain_networks_keep_torchs_own_order(title: str, tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path)
    session = session_of(work_on(place, title), place, PLAIN_ORDER)
    for network in plain.copies(session.trainer.game).values():
        assert not [layer for layer in network.modules() if layer._forward_hooks or layer._forward_pre_hooks]


def test_the_notes_have_our_pictures(tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path / "scratch")
    place.scratch.mkdir()
    work = work_on(place, "gan")
    assert np.array_equal(decoded(work, place), np.load(tmp_path / "noise.npy"))
    (tmp_path / "noise.npy").unlink()
    assert decoded(work, place).shape == (12, 28, 28, 1)  # from the file that was kept


def test_operations_of_a_step_are_those_of_its_passes(tmp_path: Path) -> None:
    place = Place(tmp_path, tmp_path)
    work = work_on(place, "gan")
    hidden = [100, 32, 64, 128, 784]
    layers = [2 * one * other for one, other in pairwise(hidden)]
    judging = [2 * one * other for one, other in zip([784, 128, 64, 32], [128, 64, 32, 1], strict=True)]
    forward = sum(layers) + 2 * sum(judging) + sum(judging)  # fakes once; both judged, then the fakes again
    to_weights = sum(layers) + 2 * sum(judging)
    to_stages = sum(layers[1:]) + 2 * sum(judging[1:]) + sum(judging)
    assert operations(ours(work, session_of(work, place))) == forward + to_weights + to_stages


def test_memory_is_that_of_a_process_alone() -> None:
    ballast = torch.ones(200_000_000 // 4)
    here = most_held()
    assert in_a_process(most_held) < here - 100, "it counts what its parent held"
    assert memory_of(Side(batches()), "cpu") >= here
    assert ballast[0] == 1


def here(function: Callable[..., Any], *arguments: Any) -> Any:
    return function(*arguments)


def test_a_row_for_each_way_that_ours_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(tmp_path, tmp_path)
    work = replace(work_on(place, "gan"), words="`gan`", required=3.0)

    def chosen(session: Session, make: object) -> Session:
        return prepare(session.recipe, session.title, Silent(), speed=Speed(precision="bfloat16"))

    monkeypatch.setattr(speed_table, "in_a_process", lambda function, *arguments: 123.4)
    monkeypatch.setattr(speed_table, "most_of", lambda speed, device: 1e12)
    monkeypatch.setattr(speed_table, "sped_up", chosen)
    exact, auto = speed_table.rows(work, place, rounds=2, seconds=0)
    assert exact.startswith("| `gan` | the notes' loop | exact | ")
    assert auto.startswith("| `gan` | the notes' loop | auto: bfloat16, channels last | ")
    for row in (exact, auto):
        assert row.count("|") == len(speed_table.HEADS) + 1
        assert "| 3.0 | 123 MB | 123 MB | " in row
        assert row.endswith("of 1,000 GFLOP/s |")
    monkeypatch.setattr(speed_table, "sped_up", lambda session, make: session)
    (only,) = speed_table.rows(work, place, rounds=1, seconds=0)
    assert "| exact, and auto |" in only


def test_the_accelerators_rows_are_of_noise_alone() -> None:
    for work in map(on_noise, (*WORKS, LARGE)):
        sizes = {str(size) for size in NUMBERS}
        assert work.data.removeprefix("noise-").removesuffix(".npy") in sizes
        assert not any("zip" in setting for setting in work.settings)
        assert work.required == (5.0 if work.title == "dcgan-svhn" else None)


def test_growth_sets_each_row_beside_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speed_growth, "in_a_process", here)
    monkeypatch.setattr(speed_growth, "SETS", (64, 128))
    speed_growth.growth("set", Place(tmp_path, tmp_path), seconds=0)
    _, _, first, second, _ = capsys.readouterr().out.split("\n", 4)
    assert first.startswith("| 64 | ") and " |  | " in first
    assert second.startswith("| 128 | ") and " |  | " not in second
    assert not list(tmp_path.iterdir())


def test_the_first_step_is_told_and_nothing_after_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["first_step", "0", "gan", "digits", "speed=exact", "device=cpu"])
    first_step.main()
    (seconds,) = capsys.readouterr().out.split()
    assert float(seconds) > 0
