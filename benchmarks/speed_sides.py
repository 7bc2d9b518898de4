"""What is timed: pieces of work, and for each the plain way to do it beside ours. Every side goes on for ever."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import notes, plain, plain_slopes
from sparring.games.base import Product
from sparring.inference import sample
from sparring.inference.quick import quickened
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Session, Silent
from sparring.training.speed import EXACT, Speed, on_threads

NOTES, PLAINLY, PUBLISHED, ONE_FORWARD = "the notes' loop", "written plainly", "published form", "the notes' way"
NETWORKS: dict[str, Callable[[], tuple[nn.Module, nn.Module]]] = {
    "gan": notes.gan_networks,
    "dcgan-svhn": notes.dcgan_networks,
    "dcgan-celeba": lambda: notes.dcgan_networks(width=64, stages=4),
}
STEPS = {
    "wgan-gp": plain_slopes.wgan_gp,
    "relativistic": plain_slopes.relativistic,
    "cyclegan": plain.cyclegan,
    "pix2pix": plain.pix2pix,
}
PICTURES, CHUNK = 10_000, 64
"""How many are drawn at a time, and how many of them the notes draw at once."""
PLAIN_ORDER = Speed(layout="contiguous")
"""Of the networks that a plain loop copies: else the copies would put their stages into our order, too."""
FOR_EVER = 10**9
"""Images of a budget that is never used up, so that a trial of speeds is worth while."""
READING = 32
"""Steps between two readings of our losses; the notes' loop reads its own at every one."""

Flags = tuple[bool, bool]


def flags() -> Flags:
    """Whether convolutions and matrix products of an NVIDIA card are rounded to TF32."""
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


TORCHS_OWN = flags()
"""As torch sets them, read before anything of ours does; plain sides keep to them."""


@dataclass(frozen=True)
class Work:
    """A row of the table.

    Attributes:
        title: by which `--only` finds it.
        words: what is done, for the table.
        recipe: whose networks, losses and settings both sides take.
        data: a file or folder of the place's data.
        against: what ours is compared with.
        required: times as fast, at least; None: no matter.
        settings: on top of the recipe, `{data}` standing for the folder of the data.
    """

    title: str
    words: str
    recipe: str
    data: str
    against: str
    required: float | None
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where it is done.

    Attributes:
        data: a folder of pictures.
        scratch: a folder for what is only needed until the end.
        device: what computes, `cpu` or `cuda`.
    """

    data: Path
    scratch: Path
    device: str = "cpu"


class Side:
    """One of those that take turns.

    Args:
        steps: does a step at a time, for ever, and yields how many pictures it was.
        flags: under which it computes.
        threads: 0: as many as there are.
    """

    def __init__(self, steps: Iterator[int], flags: Flags = TORCHS_OWN, threads: int = 0) -> None:
        self._steps, self._flags, self._threads = steps, flags, threads

    def step(self) -> int:
        """A single one; how many pictures it was."""
        return next(self._steps)

    def turn(self, seconds: float, least: int = 1) -> float:
        """Pictures a second over so many seconds, and so many steps at least."""
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = self._flags
        with on_threads(self._threads):
            wait()
            began, pictures, steps = time.perf_counter(), 0, 0
            while steps < least or time.perf_counter() - began < seconds:
                pictures += self.step()
                steps += 1
            wait()
            return pictures / (time.perf_counter() - began)


class Elsewhere:
    """A side in a process of its own, so that nothing that ours does to its process changes it.

    Args:
        make: of the side; a function at the top of a module.
        arguments: of it.
    """

    def __init__(self, make: Callable[..., Side], *arguments: Any) -> None:
        context = get_context("spawn")
        self._line, other = context.Pipe()
        context.Process(target=_take_turns, args=(other, make, arguments), daemon=True).start()

    def turn(self, seconds: float, least: int = 1) -> float:
        """As that of the side."""
        self._line.send((seconds, least))
        rate: float = self._line.recv()
        return rate


def _take_turns(line: Connection, make: Callable[..., Side], arguments: tuple[Any, ...]) -> None:
    side = make(*arguments)
    with suppress(EOFError):  # the process that asked is gone
        while True:
            line.send(side.turn(*line.recv()))


def wait() -> None:
    """Until the accelerator, if there is one in use, has done what it was told."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def session_of(work: Work, place: Place, speed: Speed = EXACT, **tables: Any) -> Session:
    """Our side, before its first step."""
    settings = [setting.format(data=place.data) for setting in work.settings]
    recipe = resolve(work.recipe, settings, place.data / work.data, images=FOR_EVER, device=place.device, **tables)
    return prepare(recipe, work.title, Silent(), speed=speed)


def ours(work: Work, session: Session) -> Side:
    """Sparring's own loop with its average, or its way to draw pictures."""
    speed = session.trainer.speed
    if work.against == ONE_FORWARD:
        product = product_of(session)
        return Side(_drawn(product if speed == EXACT else quickened(product)), flags())
    return Side(_trained(session), flags(), speed.threads)


def theirs(work: Work, place: Place) -> Side:
    """The plain way."""
    if work.against == NOTES:
        return Side(_notes_loop(work, place))
    if work.against == ONE_FORWARD:
        return Side(_drawn_plainly(NETWORKS[work.recipe]()[0], place.device))
    return Side(_trained_plainly(session_of(work, place, PLAIN_ORDER)))


def product_of(session: Session) -> Product:
    """What the run would ship by now."""
    return session.trainer.game.product(dict(session.trainer.averages.players.items()))


def _trained(session: Session) -> Iterator[int]:
    before = 0
    for now in session.trainer.run(session.stream):
        if now.step % READING == 0:
            session.trainer.losses()
        yield now.images - before
        before = now.images


def _trained_plainly(session: Session) -> Iterator[int]:
    step = STEPS[session.recipe.game["name"]](plain.copies(session.trainer.game), session.recipe)
    batches = session.stream.starting(0)
    while True:
        yield step(batches)


def _notes_loop(work: Work, place: Place) -> Iterator[int]:
    settings = [setting.format(data=place.data) for setting in work.settings]
    recipe = resolve(work.recipe, settings, place.data / work.data, images=FOR_EVER)
    return notes.loop(
        *NETWORKS[work.recipe](),
        decoded(work, place),
        batch_size=recipe.batch_size,
        latent=recipe.game["latent"],
        uniform=recipe.game["name"] == "gan",
        real_label=recipe.game["real_label"],
        lr=recipe.optimizer.lr,
        betas=recipe.optimizer.betas,
        device=place.device,
    )


def decoded(work: Work, place: Place) -> NDArray[np.uint8]:
    """[N, H, W, C], the pictures of our side; kept in a file, so that who measures memory need not make them again."""
    path = place.scratch / f"{work.title}.npy"
    if not path.exists():
        stored = session_of(work, place).dataset.stored
        assert stored is not None
        np.save(path, stored.numpy().transpose(0, 2, 3, 1))
    array: NDArray[np.uint8] = np.ascontiguousarray(np.load(path))
    return array


def _drawn(product: Product) -> Iterator[int]:
    for seed in count():
        for part in sample.pictures(product, PICTURES, seed):
            yield len(part)


def _drawn_plainly(generator: nn.Module, device: str) -> Iterator[int]:
    generator.to(device).eval()
    while True:
        for start in range(0, PICTURES, CHUNK):
            with torch.no_grad():
                pictures = generator(torch.randn(min(CHUNK, PICTURES - start), 100).to(device)).cpu()
            yield len(pictures)
