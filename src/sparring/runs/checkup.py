"""The doctor's visits to a run while it trains: seldom enough to cost next to nothing."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from statistics import median

import torch

from sparring import files
from sparring.config import Recipe
from sparring.data import Dataset
from sparring.data.batches import Images, Labelled
from sparring.doctor.bank import FEWEST, bank, shown
from sparring.doctor.course import GLANCE
from sparring.doctor.examiner import Examiner
from sparring.doctor.verdicts import Finding, diagnose
from sparring.errors import SparringError
from sparring.games.base import Product
from sparring.inference import draw
from sparring.inference.model import Config
from sparring.runs import checkpoint
from sparring.runs.best import keep
from sparring.runs.diagnosis import course
from sparring.runs.folder import LOOK, Run
from sparring.runs.parts import with_test_part
from sparring.training.loop import Trainer
from sparring.training.progress import Progress

SHARE = 0.03
"""Of the time spent in training, the most that is spent on looking at it."""
INTERVAL = 1 / 200
"""Of the budget, between two looks, so that a run of days leaves no more rows than one of minutes."""

GLANCES = 2
"""Between two whole looks, where time is short."""

DISTANCE = "distance"
"""The signal by which the best checkpoint is chosen where nothing else is measured."""

BEYOND = 1e30
"""Instead of a number that is not finite."""

Say = Callable[[str], None]


class Checkup:
    """Reads the signals of a run now and then, writes them to its events, and says what they mean.

    Args:
        run: where to.
        recipe: of the run.
        dataset: that is trained on.
        trainer: who is looked at; it is left as it was.
        say: is told of every new verdict, and when one no longer holds.

    Attributes:
        findings: what ailed the run at the last look.
        looks: what was seen so far, in earlier sittings too.
    """

    def __init__(self, run: Run, recipe: Recipe, dataset: Dataset, trainer: Trainer, say: Say) -> None:
        self.run, self.recipe, self.spec, self._say = run, recipe, dataset.spec, say
        began = time.perf_counter()
        real = bank(dataset, self._held_out(dataset, trainer), trainer.game.multiple, trainer.device)
        self._examiner, self._device = Examiner(trainer, real, recipe.seed), trainer.device
        rehearsal = time.perf_counter()
        weights = self._examiner.rehearse()
        whole = time.perf_counter() - rehearsal
        self._costs = {True: deque([whole], maxlen=5), False: deque([whole / 2], maxlen=5)}
        self._glances = GLANCES  # the first look is a whole one
        self.looks = run.looks()
        self._weights = _first_weights(self.looks) or weights
        self.findings = diagnose(course(self.looks, recipe))
        self._began, self._next, self._next_share = trainer.seconds, 0.0, 0.0
        self._spent = 0.0
        self._preparation = time.perf_counter() - began

    def _held_out(self, dataset: Dataset, trainer: Trainer) -> Images | None:
        """Pictures of the test part; None where there is none, or it is of no use, which is said."""
        try:
            # nothing is decoded that is not looked at
            lazy = self.recipe.data.model_copy(update={"memory_gb": 0.0, "skip_bad": False})
            test = with_test_part(dataset, lazy, lambda text: None).test
            if test is None:
                return None
            if issubclass(trainer.game.takes, Labelled) and test.spec.classes != dataset.spec.classes:
                self._say("the doctor leaves out the test part: its classes are not those of the training part")
                return None
            rows = shown(test, trainer.game.multiple)
            return test.batch(rows).to(trainer.device) if len(rows) >= FEWEST else None
        except SparringError as error:
            self._say(f"the doctor leaves out the test part: {error}")
            return None

    def due(self, now: Progress) -> bool:
        """Whether it is time for another look, and there is time for one that takes as long as usual."""
        enough = self._left(now) >= self._cost(whole=self._glances >= GLANCES)
        return enough and now.seconds >= self._next and self._used(now) >= self._next_share

    def _left(self, now: Progress) -> float:
        """Seconds that may be spent on looking."""
        allowance = SHARE * (now.seconds - self._began)
        # the preparation is paid off with half of it, so that the first minute does not pass without a look
        return allowance - min(self._preparation, allowance / 2) - self._spent

    def _cost(self, whole: bool) -> float:
        """Seconds that a look, or a glance, usually takes."""
        return median(self._costs[whole])

    def _used(self, now: Progress) -> float:
        return self.recipe.used(now.images, now.seconds)

    def look(self, now: Progress) -> None:
        """Look, write down what was seen, and say what is new about it."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # what is still being computed is training
        began = time.perf_counter()
        whole = self._glances >= GLANCES or self._left(now) >= self._cost(whole=True)
        self._glances = 0 if whole else self._glances + 1
        # not several at once where time was saved up
        self._next, self._next_share = now.seconds + self._cost(whole) / SHARE / 2, self._used(now) + INTERVAL
        spent = round(self._preparation + self._spent, 3)  # by the doctor, before this look
        row = {"images": now.images, "step": now.step, "seconds": round(now.seconds, 3), "spent": spent}
        seen = self._examiner.look() if whole else self._examiner.glance()
        grown = {f"{name}_grown": seen[name] / first for name, first in self._weights.items()}
        numbers = {name: _number(name, value) for name, value in (seen | grown).items()}
        row |= {name: value for name, value in numbers.items() if value is not None}
        if not whole:
            row[GLANCE] = True
        self.looks.append(row)
        self.run.add_event(LOOK, **row)
        before, self.findings = self.findings, diagnose(course(self.looks, self.recipe))
        self._tell(before, now)
        took = time.perf_counter() - began
        self._costs[whole].append(took)
        self._spent += took

    def keep_best(self, product: Product, config: Config) -> None:
        """Call the checkpoint that was just saved the best, if the run is well and its pictures were never so near."""
        if not self.looks or self.findings:
            return
        distance = float(course(self.looks, self.recipe).smooth(DISTANCE)[-1])
        best = checkpoint.best(self.run.checkpoints)
        if isfinite(distance) and (best is None or distance < best["value"]):
            keep(self.run, DISTANCE, distance, product, config)

    def _tell(self, before: list[Finding], now: Progress) -> None:
        known = {one.verdict for one in before}
        for one in self.findings:
            if one.verdict not in known:
                self._note(one, now)
        for name in sorted(known - {one.verdict for one in self.findings}):
            self.run.add_event("over", images=now.images, verdict=name)
            self._say(f"doctor: no longer {name}")

    def _note(self, one: Finding, now: Progress) -> None:
        """Say, write and draw a new verdict."""
        self.run.add_event("verdict", images=now.images, verdict=one.verdict, since=one.since, why=one.evidence)
        self._say(f"doctor: {one.verdict}, since {one.since:,} images: {one.evidence}")
        left, right = (draw.shown(side, self.spec) for side in self._examiner.picture(one.verdict))
        files.make_folder(self.run.evidence(one.verdict).parent)
        files.write(self.run.evidence(one.verdict), draw.beside(left, right, self.spec))


def _first_weights(looks: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of every player, what its weights were before the first step; empty where no look tells."""
    first = looks[0] if looks else {}
    grown = [name for name in first if name.endswith("_grown")]
    return {name.removesuffix("_grown"): first[name.removesuffix("_grown")] / first[name] for name in grown}


def _number(name: str, value: float) -> float | None:
    """Five digits of a signal. JSON has no infinity: what may grow without end is then beyond all bounds."""
    if isfinite(value):
        return float(f"{value:.5g}")
    return BEYOND if name in ("logits", "slope") else None
