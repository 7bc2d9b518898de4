"""The doctor's visits to a run while it trains: seldom enough to cost next to nothing."""

import time
from collections import deque
from collections.abc import Callable
from math import isfinite
from statistics import median

from sparring import files
from sparring.config import Recipe
from sparring.data import Dataset
from sparring.data.batches import to_stored
from sparring.doctor.examiner import Examiner, bank
from sparring.doctor.verdicts import Finding, diagnose
from sparring.games.base import Product
from sparring.inference import draw
from sparring.inference.model import Config
from sparring.runs import checkpoint
from sparring.runs.best import keep
from sparring.runs.diagnosis import course
from sparring.runs.folder import LOOK, Run
from sparring.runs.parts import with_test_part
from sparring.training.loop import Progress, Trainer

SHARE = 0.03
"""Of the time spent in training, the most that is spent on looking at it."""
INTERVAL = 1 / 200
"""Of the budget, between two looks, so that a run of days leaves no more rows than one of minutes."""

DISTANCE = "distance"
"""The signal by which the best checkpoint is chosen where nothing else is measured."""

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
        held_out = with_test_part(dataset, recipe.data.model_copy(update={"memory_gb": 0.0}), lambda text: None).test
        real = bank(dataset, held_out, trainer.game.multiple, trainer.device)
        self._examiner = Examiner(trainer, real, recipe.seed)
        self.looks = run.looks()
        self.findings = diagnose(course(self.looks, recipe))
        self._began, self._next, self._next_share = trainer.seconds, 0.0, 0.0
        self._spent = 0.0
        self._preparation = time.perf_counter() - began
        self._costs = deque([self._preparation], maxlen=5)  # a first look takes about as long

    def due(self, now: Progress) -> bool:
        """Whether it is time for another look, and there is time for one that takes as long as usual."""
        allowance = SHARE * (now.seconds - self._began)
        # the preparation is paid off with half of it, so that the first minute does not pass without a look
        left = allowance - min(self._preparation, allowance / 2) - self._spent
        return left >= median(self._costs) and now.seconds >= self._next and self._used(now) >= self._next_share

    def _used(self, now: Progress) -> float:
        return self.recipe.used(now.images, now.seconds)

    def look(self, now: Progress) -> None:
        """Look, write down what was seen, and say what is new about it."""
        began = time.perf_counter()
        # not several at once where time was saved up
        self._next, self._next_share = now.seconds + median(self._costs) / SHARE / 2, self._used(now) + INTERVAL
        numbers = {name: float(f"{value:.5g}") for name, value in self._examiner.look().items() if isfinite(value)}
        spent = round(self._preparation + self._spent, 3)  # by the doctor, before this look
        row = {"images": now.images, "step": now.step, "seconds": round(now.seconds, 3), "spent": spent, **numbers}
        self.looks.append(row)
        self.run.add_event(LOOK, **row)
        before, self.findings = self.findings, diagnose(course(self.looks, self.recipe))
        self._tell(before, now)
        self._costs.append(time.perf_counter() - began)
        self._spent += self._costs[-1]

    def keep_best(self, product: Product, config: Config) -> None:
        """Call the checkpoint that was just saved the best, if the run is well and its pictures were never so near."""
        if not self.looks or self.findings:
            return
        distance = float(course(self.looks, self.recipe).smooth(DISTANCE)[-1])
        best = checkpoint.best(self.run.checkpoints)
        if best is None or distance < best["value"]:
            keep(self.run, DISTANCE, distance, product, config)

    def _tell(self, before: list[Finding], now: Progress) -> None:
        known = {one.verdict for one in before}
        for one in self.findings:
            if one.verdict not in known:
                self._note(one, now)
        for name in known - {one.verdict for one in self.findings}:
            self.run.add_event("over", images=now.images, verdict=name)
            self._say(f"doctor: no longer {name}")

    def _note(self, one: Finding, now: Progress) -> None:
        """Say, write and draw a new verdict."""
        self.run.add_event("verdict", images=now.images, verdict=one.verdict, since=one.since, why=one.evidence)
        self._say(f"doctor: {one.verdict}, since {one.since:,} images: {one.evidence}")
        left, right = (to_stored(side, self.spec.bits) for side in self._examiner.picture(one.verdict))
        self.run.evidence(one.verdict).parent.mkdir(exist_ok=True)
        files.write(self.run.evidence(one.verdict), draw.beside(left, right, self.spec))
