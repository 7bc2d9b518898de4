"""The fastest way of computing a step on this machine, found out by trying some before the first one."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice
from pathlib import Path
from statistics import median

import torch

import sparring
from sparring import files
from sparring.config import Recipe
from sparring.data.spec import Spec
from sparring.runs.environment import processor
from sparring.runs.session import Session
from sparring.runs.turns import Copy
from sparring.training.agreement import STEPS, Reference, strayed
from sparring.training.speed import EXACT, VARIANTS, Speed

SHARE = 0.03
"""Of the run's time, for trying."""
TURNS = 5
"""How often a way and the reference take turns."""
BESIDE = 6
"""Steps that a way takes beside its turns, to be built and compared."""
WORTH = 1.05
"""A way must be so much faster than the reference to be taken."""
TOLERANCE = 1 / 3
"""Of what another batch changes, how far off losses and gradients may be: a ninth more variance, at most."""
WATCHING = 0.005
"""Seconds that watching a step is expected to take for each call of a function of torch's, at most."""
COMPILING = 60.0
"""Seconds that compiling the players of a game is expected to take."""

FEWEST = 500
"""Steps of a run for which trying is begun at all."""
MORE = 2.0
"""Times as long a trial may take as one that had to leave out some ways, for another one to be begun."""
SHORT = "the run is too short to try others"

Make = Callable[[Speed], Session]
"""The run from its start, computed in some way."""


@dataclass(frozen=True)
class Choice:
    """What was found.

    Attributes:
        speed: the way to take.
        gain: images a second, over those of the reference.
        why: in a few words.
    """

    speed: Speed = EXACT
    gain: float = 1.0
    why: str = ""


def choose(recipe: Recipe, spec: Spec, device: torch.device, make: Make, say: Callable[[str], None]) -> Choice:
    """The way for a run: the one that was found before, or else the fastest one of those that there is time to try.

    Args:
        recipe: of the run.
        spec: of its pictures.
        device: where it computes.
        make: builds copies of the run, which are played and thrown away.
        say: is told that something is tried, and for how long at most.
    """
    if recipe.speed == "exact":
        return Choice(why="asked for")
    if _steps(recipe) < FEWEST:
        return Choice(why=SHORT)
    place = kept_at(recipe, spec, device)
    if (known := _read(place, recipe)) is not None:
        return known
    trial = _Trial(make, recipe)
    say(f"trying how this machine computes fastest, for {max(trial.left, 0):.0f} s at most")
    found = trial.found()
    if found is None:
        return Choice(why=SHORT)
    with suppress(OSError):  # it is found again next time
        keep(place, found, trial.rate, trial.lacking)
    return found


def kept_at(recipe: Recipe, spec: Spec, device: torch.device) -> Path:
    """The file for what is found for such a run on this machine."""
    return files.store() / "speed" / f"{_key(recipe, spec, device)}.json"


def keep(place: Path, found: Choice, rate: float, lacking: float) -> None:
    """Write down what was found, for the next run like it.

    Args:
        place: the file.
        found: what to write.
        rate: images a second of the reference.
        lacking: seconds that there were for trying, where they were too few for some ways; 0: all were tried.

    Raises:
        OSError: it cannot be written.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    files.write(place, json.dumps(asdict(found) | {"rate": rate, "lacking": lacking}))


def sped_up(session: Session, make: Make) -> Session:
    """A run that has not begun, computed in the fastest way that there is time to find; its observer is told.

    Args:
        session: at its start.
        make: as for `choose`.
    """
    found = choose(session.recipe, session.dataset.spec, session.device, make, session.observer.say)
    session.observer.say(f"speed: {sentence(found)}")
    return session if found.speed == session.trainer.speed else replace(make(found.speed), observer=session.observer)


def sentence(found: Choice) -> str:
    """What was found, for a person.

    >>> sentence(Choice(Speed(precision="bfloat16"), 1.6)), sentence(Choice(why="asked for"))
    ('bfloat16, channels last: 1.6 times as fast as float32', 'float32, channels last: asked for')
    """
    gained = f"{found.gain:.1f} times as fast as {EXACT.precision}"
    return f"{found.speed}: {', '.join([gained] * (found.speed != EXACT) + [found.why] * bool(found.why))}"


def _whole(recipe: Recipe, rate: float) -> float:
    """Seconds of a run, at most, that plays so many images a second."""
    return min(
        recipe.images / rate if recipe.images else float("inf"),
        60 * recipe.minutes if recipe.minutes else float("inf"),
    )


def _steps(recipe: Recipe) -> float:
    """Steps of a run, at most."""
    by_images = recipe.images / recipe.batch_size if recipe.images else float("inf")
    return by_images if recipe.minutes is None or recipe.minutes > 0.5 else 0


def _key(recipe: Recipe, spec: Spec, device: torch.device) -> str:
    """What the answer depends on: machine, versions, networks, batch."""
    about = [
        sparring.__version__,
        torch.__version__,
        torch.cuda.get_device_name(device) if device.type == "cuda" else processor(),
        torch.get_num_threads(),
        list(map(str, VARIANTS)),
        [field.name for field in fields(Speed)],
        recipe.game,
        recipe.batch_size,
        recipe.parts,
        spec.model_dump(mode="json"),
    ]
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _read(place: Path, recipe: Recipe) -> Choice | None:
    """What was found before; None if it cannot be read, or had to leave out ways that there is time for now."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(place.read_bytes())
        lacking = float(known["lacking"])
        if not lacking or SHARE * _whole(recipe, float(known["rate"])) < MORE * lacking:
            return Choice(Speed(**known["speed"]), float(known["gain"]), "found before on this machine")
    return None


class _Trial:
    """Tries ways for as long as it may.

    Attributes:
        rate: images a second of the reference.
        lacking: seconds that there are in all, once they have been too few for some way; 0: they have not been.

    Args:
        make: builds copies of the run.
        recipe: of the run.
    """

    def __init__(self, make: Make, recipe: Recipe) -> None:
        began = time.perf_counter()
        self._make = make
        session = make(EXACT)
        self._truth = Reference(session.trainer, list(islice(session.stream.starting(0), 2)))
        self._reference = Copy(make(EXACT))
        self._on_gpu = self._reference.device.type != "cpu"
        self.rate, self.lacking = self._reference.rate, 0.0
        self._allowed = SHARE * _whole(recipe, self.rate)
        self._until = began + self._allowed

    @property
    def left(self) -> float:
        """Seconds that may still be spent."""
        return self._until - time.perf_counter()

    def found(self) -> Choice | None:
        """The best way; None if there was no time to try a single one."""
        tried: list[Choice] = []
        for speed in VARIANTS:
            if self._time_for():
                tried.append(self._tried(speed))
        threads = torch.get_num_threads() // 2
        if tried and threads and not self._on_gpu and self._time_for():
            tried.append(self._tried(replace(_best(tried).speed, threads=threads)))
        if tried and self._reference.parts == 1 and self._time_for(self._recording()):
            tried.append(self._tried(replace(_best(tried).speed, recorded=True)))
        if tried and self._time_for(COMPILING):
            best = _best(tried).speed
            # what watches a step on a processor cannot look into what is compiled
            tried.append(self._tried(replace(best, compiled=True, recorded=best.recorded and self._on_gpu)))
        return _best(tried) if tried else None

    def _time_for(self, more: float = 0.0) -> bool:
        turns, steps = 2 * TURNS * self._reference.turn_seconds, BESIDE * self._reference.step_seconds
        if turns + steps + more < self.left:
            return True
        self.lacking = self._allowed
        return False

    def _recording(self) -> float:
        """Seconds that are expected to go by until steps are recorded twice, to check and to time, and are checked."""
        return 2 * (WATCHING * self._reference.calls() + STEPS * self._reference.step_seconds)

    def _tried(self, speed: Speed) -> Choice:
        """What it gains; nothing where it is too far off, or this machine cannot do it."""
        with suppress(RuntimeError):
            return self._measured(speed)
        return Choice(speed, 0.0)

    def _measured(self, speed: Speed) -> Choice:
        off = self._truth.disagreement(self._make(speed).trainer)
        if speed.recorded and not self._strayed(speed) <= (TOLERANCE if self._on_gpu else 0):
            return Choice(speed, 0.0)
        if not off <= TOLERANCE:  # nor where it is no number
            return Choice(speed, 0.0)
        copy = Copy(self._make(speed))
        gain = median(copy.turn() / self._reference.turn() for _ in range(TURNS))
        return Choice(speed, gain)

    def _strayed(self, speed: Speed) -> float:
        """How far steps that were recorded lead away from the same ones that were not.

        On a processor nowhere: a run that is resumed begins with steps that are not. On a GPU, sums are taken in
        another order each time.
        """
        one, other = self._make(speed), self._make(speed)
        other.trainer.improvise()
        return strayed((one.trainer, one.stream), (other.trainer, other.stream))


def _best(tried: list[Choice]) -> Choice:
    """The fastest, if it is worth it, else the reference."""
    best = max(tried, key=lambda one: one.gain)
    return best if best.gain >= WORTH else Choice(why="nothing tried was faster")
