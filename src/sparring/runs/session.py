"""One sitting of a run: steps are played, and rows, pictures and checkpoints are written when they are due."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

import sparring
from sparring import files
from sparring.config import Recipe
from sparring.data import Dataset, Stream
from sparring.data.batches import Images
from sparring.doctor.bank import FEWEST
from sparring.doctor.verdicts import Finding
from sparring.errors import Halted, SparringError
from sparring.games.base import Product
from sparring.games.picture_to_picture import Translation
from sparring.inference import draw, model, sample
from sparring.inference.translate import examples_sheet
from sparring.metrics.features import Extractor
from sparring.runs import checkpoint, report
from sparring.runs.checkup import Checkup
from sparring.runs.folder import Run
from sparring.runs.interruption import interruption
from sparring.runs.parts import examples
from sparring.runs.perception import portable
from sparring.runs.watch import Watch, begin
from sparring.training.distributed import Lost
from sparring.training.loop import Trainer
from sparring.training.progress import Progress
from sparring.training.speed import on_threads

SHEET, CLOUD = 64, 2048
"""Pictures in a grid, and points in a scatter plot: always the first ones of the run's seed, so all grids of a run show
the same latents."""

ENOUGH = 0.2
"""Of a budget of minutes, without which going back is worse than going on."""


@dataclass
class Status:
    """What a person who watches wants to know.

    Attributes:
        images: real images shown.
        goal: real images to show, or None with a budget of minutes alone.
        share: of the budget that is used up, 0 to 1.
        seconds: of training so far.
        rate: real images a second, lately.
        losses: mean of every loss term, lately.
        reading: what they mean.
        health: what the doctor says of the run; empty before it has looked.
        sheet: the newest picture grid.
    """

    images: int = 0
    goal: int | None = None
    share: float = 0.0
    seconds: float = 0.0
    rate: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    reading: str = ""
    health: str = ""
    sheet: Path | None = None


class Observer(Protocol):
    """Whoever watches a run."""

    def say(self, text: str) -> None:
        """Something worth a line."""
        ...

    def show(self, status: Status, news: bool) -> None:
        """After every step; `news` tells that the losses were read again."""
        ...


class Silent:
    """Nobody watches."""

    def say(self, text: str) -> None:
        """Nothing."""

    def show(self, status: Status, news: bool) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Outcome:
    """How a sitting ended.

    Attributes:
        folder: of the run.
        images: real images shown since the start of the run.
        seconds: of training since then.
        images_per_second: over all of them.
        finished: False if it was interrupted; `resume` goes on.
    """

    folder: str
    images: int
    seconds: float
    images_per_second: float
    finished: bool


class Relapse(Exception):
    """A run fell ill, and shall go back.

    Attributes:
        found: what ails it.
    """

    def __init__(self, found: Finding) -> None:
        super().__init__(found.verdict)
        self.found = found


@dataclass
class Session:
    """Everything that takes part in a sitting."""

    recipe: Recipe
    title: str
    dataset: Dataset
    stream: Stream
    trainer: Trainer
    device: torch.device
    observer: Observer
    extractor: Extractor | None = None
    examples: Images | None = None

    def play(self, run: Run) -> Outcome:
        """Train until the budget is used up or somebody interrupts, and leave a whole run behind either way.

        Raises:
            Halted: a number is not finite.
            SparringError: another process of the run is gone.
            Relapse: with guard=rollback, the doctor found something.
        """
        run.add_event("started" if self.trainer.step == 0 else "resumed", images=self.trainer.images)
        try:
            self.trainer.follow()
            watch = self._watch(run)
            if not self.trainer.alone and self.trainer.step == 0:
                self._save(run)  # or there would be nothing to go on from, should a process be lost soon
            with interruption() as interrupted, on_threads(self.trainer.speed.threads):
                self._train(run, interrupted, watch)
            self._save(run)
        except Lost as lost:
            run.add_event("interrupted", images=self.trainer.images)
            raise SparringError(f"{lost}: go on with `sparring resume {run.path}`; {_kept(run)}") from None
        except Halted as stop:
            if self._may_go_back(run):
                raise Relapse(Finding("diverging", self.trainer.images, {}, str(stop))) from None
            run.add_event("halted", images=self.trainer.images, why=str(stop))
            report.write(run)
            raise Halted(f"{stop}; {_kept(run)}") from None
        finally:
            self.trainer.dismiss()
        finished = not interrupted.is_set()
        run.add_event("finished" if finished else "interrupted", images=self.trainer.images)
        report.write(run)
        return self._outcome(run, finished)

    def _train(self, run: Run, interrupted: threading.Event, watch: Watch | None) -> None:
        recipe, trainer = self.recipe, self.trainer
        row = last = Progress(trainer.step, trainer.images, trainer.seconds)
        sheets = run.sheets()
        status = Status(goal=recipe.images, sheet=sheets[-1] if sheets else self._sheet(run))
        saved = trainer.seconds
        if self._share(last) >= 1:
            self.observer.say(
                f"{run.path} has shown {last.images:,} images and used up its budget: "
                "go on with a larger one, --images or --minutes"
            )
            return
        checkup = self._checkup(run)
        for now in trainer.run(self.stream, recipe.images):
            over = interrupted.is_set() or self._share(now) >= 1
            news = over or _passed(recipe.record.rows, last, now)
            if news:
                self._row(run, row, now, status)
                row = now
            if checkup and checkup.due(now):
                checkup.look(now)
                status.health = ", ".join(one.verdict for one in checkup.findings) or "healthy"
                if checkup.findings and not over and not interrupted.is_set() and self._may_go_back(run):
                    raise Relapse(checkup.findings[0])
            if over or _passed(recipe.record.samples, last, now):
                status.sheet = self._sheet(run)
            if watch and not interrupted.is_set() and (over or _passed(recipe.evaluation.every, last, now)):
                self._save(run)
                saved = now.seconds
                watch.evaluate(self._product(), self._config())
            if not over and now.seconds - saved >= recipe.record.checkpoint_seconds:
                self._save(run)
                saved = now.seconds
                if checkup and recipe.guard == "rollback" and not watch:
                    checkup.keep_best(self._product(), self._config())
            status.images, status.seconds, status.share = now.images, now.seconds, self._share(now)
            status.rate = status.rate or now.images / now.seconds  # until the first row
            self.observer.show(status, news)
            if over:
                break
            last = now

    def _may_go_back(self, run: Run) -> bool:
        """Whether it is asked for, allowed once more, and time is left: images that are undone are shown again."""
        left = 1 - self.recipe.used(0, self.trainer.seconds)
        return self.recipe.guard == "rollback" and run.rollbacks() < self.recipe.rollbacks and left > ENOUGH

    def _checkup(self, run: Run) -> Checkup | None:
        if self.recipe.guard == "off":
            return None
        if len(self.dataset) < FEWEST:
            self.observer.say(f"the doctor needs at least {FEWEST} pictures to compare with, and does not look")
            return None
        return Checkup(run, self.recipe, self.dataset, self.trainer, self.observer.say)

    def _watch(self, run: Run) -> Watch | None:
        over = self._share(Progress(0, self.trainer.images, self.trainer.seconds)) >= 1
        return begin(run, self.recipe, self.dataset, self._product(), self._config(), over, self.observer.say)

    def _share(self, now: Progress) -> float:
        return self.recipe.used(now.images, now.seconds)

    def _row(self, run: Run, before: Progress, now: Progress, status: Status) -> None:
        status.losses = self.trainer.losses()
        status.reading = self.trainer.game.reading(status.losses)
        status.rate = (now.images - before.images) / (now.seconds - before.seconds)
        facts = {"step": now.step, "images": now.images, "seconds": round(now.seconds, 3)}
        run.add_row(facts | {"images_per_second": round(status.rate, 1)} | status.losses)

    def _product(self) -> Product:
        return self.trainer.game.product(dict(self.trainer.averages.players.items()))

    def _sheet(self, run: Run) -> Path:
        product = self._product()
        path = run.sheet(self.trainer.images)
        if isinstance(product, Translation):
            self.examples = self.examples or examples(self.recipe, self.dataset)
            files.write(path, examples_sheet(product, self.examples))
            return path
        count = CLOUD if product.spec.points else SHEET
        files.write(path, draw.sheet(sample.array(product, count, self.recipe.seed), product.spec))
        return path

    def _save(self, run: Run) -> None:
        self.trainer.check()
        checkpoint.save(run.checkpoints, self.trainer, self.recipe.record.keep_every)
        model.save(run.model, self._config(), self._product())

    def _config(self) -> model.Config:
        return model.Config(
            sparring=sparring.__version__,
            game=portable(self.recipe.game),
            spec=self.dataset.spec,
            recipe=self.title,
            data=f"{Path(self.recipe.data.path).name}: {self.dataset.source.layout}",
            images=self.trainer.images,
            seed=self.recipe.seed,
        )

    def _outcome(self, run: Run, finished: bool) -> Outcome:
        images, seconds = self.trainer.images, self.trainer.seconds
        rate = images / seconds if seconds else 0.0
        return Outcome(str(run.path), images, round(seconds, 3), round(rate, 1), finished)


def _passed(interval: int, before: Progress, now: Progress) -> bool:
    return now.images // interval > before.images // interval


def _kept(run: Run) -> str:
    place = checkpoint.latest(run.checkpoints)
    return f"the last good checkpoint is {place}" if place else "it happened before the first checkpoint"
