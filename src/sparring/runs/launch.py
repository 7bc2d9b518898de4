"""Starting and continuing runs: what `prepare` made ready meets its folder and its processes here."""

import time
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sparring import files
from sparring.config import Recipe
from sparring.data import Dataset
from sparring.errors import SparringError, UsageError
from sparring.metrics.features import Extractor
from sparring.recipes import override, parse, read_recipe
from sparring.runs import choice, folder, guard, perception, preflight, recovery, several, trial
from sparring.runs.choice import Choice
from sparring.runs.environment import describe
from sparring.runs.folder import Run
from sparring.runs.prepare import computed, like, opened, prepare, smaller
from sparring.runs.session import Observer, Outcome, Relapse, Session, Silent
from sparring.runs.settings import checked
from sparring.training.distributed import join
from sparring.training.speed import Speed

Paths = str | Path
AUTO = "batch_size=auto"
"""The setting that asks for the largest batch that fits into memory."""


def resolve(recipe: str, settings: Iterable[str] = (), data: Paths | None = None, **tables: Any) -> Recipe:
    """A recipe with everything that was asked for on top, checked as a whole.

    Args:
        recipe: a name in the package, or the path of a TOML file.
        settings: `key=value`, a dot for each table.
        data: the pictures.
        tables: further settings at the top that are not None. One of `images` and `minutes` alone replaces whatever
            budget the recipe has.

    Raises:
        UsageError: everything that is wrong, a line each.

    >>> resolve("gan", ["optimizer.lr=1e-3"], data="digits", images=640).optimizer.lr
    0.001
    """
    asked = parse(settings) | ({} if data is None else {"data.path": str(data)})
    raw = override(read_recipe(recipe), asked)
    return checked(_with_budget(raw, _given(**tables)))


def _given(**tables: Any) -> dict[str, Any]:
    return {key: value for key, value in tables.items() if value is not None}


def _with_budget(raw: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The tables with what was given on top; a budget that was given replaces both of the recipe's."""
    if given.keys() & {"images", "minutes"}:
        raw = {key: value for key, value in raw.items() if key not in ("images", "minutes")}
    return raw | given


def choose(settings: Iterable[str], data: Paths | None, observer: Observer) -> tuple[Choice, Dataset]:
    """The recipe for the pictures, where nobody named one; the observer is told in a line which and why.

    Raises:
        UsageError: the data's name is wrong, or the settings ask for a translation.
        SparringError: the data is broken.
    """
    about_data = [setting for setting in settings if setting.startswith("data.")]
    choice.check(about_data)
    dataset = opened(resolve("dcgan", about_data, data).data, observer)
    found = choice.choose(dataset)
    observer.say(f"recipe {' '.join([found.recipe, *found.settings])}: {found.why}")
    return found, dataset


def train(
    recipe: str | None = None,
    *settings: str,
    data: Paths | None = None,
    runs: Paths = "runs",
    name: str | None = None,
    seed: int | None = None,
    images: int | None = None,
    minutes: float | None = None,
    observer: Observer | None = None,
    extractor: Extractor | None = None,
    forecast: bool = False,
) -> Outcome:
    """Train a game on pictures, in a new run folder.

    Args:
        recipe: a name that `sparring recipes` lists, or the path of a TOML file; None: what suits the pictures.
        settings: `key=value` strings on top of the recipe, for example `"optimizer.lr=1e-4"`; `"batch_size=auto"`
            takes the largest batch that fits into memory.
        data: a folder, zip, tar or array file of pictures, or the name of an embedded set.
        runs: the folder that the run's folder is made in.
        name: of the run; by default the recipe's name and the time.
        seed: same seed, same weights, bit for bit on CPU.
        images: stop after so many real images shown.
        minutes: stop after so many minutes of training.
        observer: is told what happens; nothing is printed without one.
        extractor: for a game that compares what pictures show: instead of the one that `game.perceptual` names.
        forecast: play two steps on copies first, tell the observer what the run will take, and refuse what cannot fit.

    Returns:
        Where the run is and how far it came.

    Raises:
        UsageError: the recipe, a setting, the data's name or the run's name is wrong, or a step would not fit into
            memory; nothing was written.
        SparringError: the data is broken or the disk is full.
        Halted: a loss or weight stopped being finite; the last good checkpoint is kept.
    """
    observer = observer or Silent()
    ranks = join("cpu" if "device=cpu" in settings else "auto")
    if not ranks.leads:
        return several.follow(ranks, extractor)
    dataset = None
    if recipe is None:
        chosen, dataset = choose(settings, data, observer)
        recipe, settings = chosen.recipe, (*chosen.settings, *settings)
    settings, largest = apart(settings)
    resolved = resolve(recipe, settings, data, seed=seed, images=images, minutes=minutes)
    title = Path(recipe).stem
    place = Path(runs) / _name(name or f"{title}-{time.strftime('%Y%m%d-%H%M%S')}")
    folder.refuse_existing(place)
    session = prepare(several.divided(resolved, ranks), title, observer, dataset, extractor)
    if largest and not ranks.alone:
        raise UsageError(f"{AUTO} is for one process: give the number of pictures that all processes share")
    session = with_largest_batch(session) if largest else session
    one = several.own(session, ranks)
    if forecast:
        found = preflight.forecast(one.recipe, one, partial(smaller, one))
        together = replace(found, images_per_second=ranks.world * found.images_per_second)
        observer.say(preflight.sentence(together))
    fast = trial.sped_up(one, partial(computed, one))
    session = fast if ranks.alone else several.led(session, fast.trainer.speed, ranks)
    about = describe(session.dataset, session.device, title) | {"speed": asdict(session.trainer.speed)}
    about |= perception.note(session.extractor, given=extractor is not None)
    with folder.begin(place, session.recipe, about) as run:
        try:
            return _play(run, session)
        except Exception:
            if session.trainer.step == 0:
                files.remove(run.path)  # it never began
            raise


def apart(settings: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """All other settings, and whether they ask for the largest batch that fits.

    >>> apart(["batch_size=auto", "game.width=8"])
    (('game.width=8',), True)
    """
    asked = tuple(settings)
    return tuple(setting for setting in asked if setting != AUTO), AUTO in asked


def with_largest_batch(session: Session) -> Session:
    """The same run with the largest batch that fits; the learning rate stays, as the best one is not known.

    Raises:
        UsageError: nothing fits, or the system does not say what is free.
    """
    found = preflight.batch_that_fits(session, partial(smaller, session))
    session.observer.say(f"batch_size={found} fits into memory")
    return like(session, session.recipe.model_copy(update={"batch_size": found}))


def _play(run: Run, session: Session) -> Outcome:
    """Play, and where guard=rollback finds the run ill, go back and play on."""
    while True:
        try:
            return session.play(run)
        except Relapse as relapse:
            try:
                session = guard.go_back(run, session, relapse.found, partial(like, session))
            except UsageError as error:
                session.observer.say(f"guard: {relapse.found.verdict}: the suggestion cannot be tried: {error}")
                session.recipe = session.recipe.model_copy(update={"guard": "warn"})


def resume(
    run: Paths,
    *,
    images: int | None = None,
    minutes: float | None = None,
    observer: Observer | None = None,
    extractor: Extractor | None = None,
) -> Outcome:
    """Go on with a run exactly where its last checkpoint left it, or from the start if there is none yet.

    While another process is training it, this one waits. A checkpoint that is damaged is put aside, and the newest one
    that is whole is taken.

    Args:
        run: its folder.
        images: a new budget, in real images since the start of the run.
        minutes: a new budget, in minutes of training since the start of the run.
        observer: is told what happens.
        extractor: the one that was given to `train`, if one was.

    Returns:
        Where the run is and how far it came.

    Raises:
        UsageError: there is no such run.
        SparringError: none of its checkpoints is whole, or its data or extractor changed.
        Halted: a loss or weight stopped being finite.
    """
    found = folder.find(Path(run))
    observer = observer or Silent()
    ranks = join(found.recipe().device)
    if not ranks.leads:
        return several.follow(ranks, extractor)
    with found.held(observer.say):
        recipe, environment = found.recipe(), found.environment()
        if images is not None or minutes is not None:
            recipe = checked(_with_budget(recipe.model_dump(exclude_none=True), _given(images=images, minutes=minutes)))
        perception.check_given(extractor, environment)
        _same_arithmetic(environment, observer)
        speed = Speed(**environment.get("speed", {}))
        recipe = several.divided(recipe, ranks)
        session = prepare(recipe, environment["recipe"], observer, extractor=extractor, speed=speed)
        perception.check_same(session.extractor, environment)
        _check_data(found, session, environment["data"]["fingerprint"])
        session = several.led(session, speed, ranks)
        _restore(found, session)
        found.write_recipe(recipe)
        found.rewind(session.trainer.images)
        return _play(found, session)


def _name(name: str) -> str:
    if Path(name).name != name or name.startswith("."):
        raise UsageError(f"--name {name!r} is not the name of a folder: leave out '/' and a leading dot (see --runs)")
    return name


def _same_arithmetic(environment: dict[str, Any], observer: Observer) -> None:
    """Sums are split among threads, and so rounded differently by another number of them."""
    torch.set_num_threads(environment["threads"])
    if environment["torch"] != torch.__version__:
        observer.say(
            f"the run began with torch {environment['torch']}, this is {torch.__version__}: "
            "it goes on, but not to the same last digit"
        )


def _check_data(run: Run, session: Session, fingerprint: str) -> None:
    if session.dataset.fingerprint != fingerprint:
        raise SparringError(
            f"the pictures at {session.recipe.data.path} changed since {run.path} began: bring them back, "
            "or start a new run"
        )


def _restore(run: Run, session: Session) -> None:
    found = recovery.newest(run, session.observer.say)
    if found is None:
        session.observer.say("no checkpoint yet: starting over")
        return
    place, saved = found
    session.observer.say(f"going on from checkpoint {place}")
    try:
        if run.rollbacks():  # the checkpoint may be from before the settings changed
            guard.restore_what_fits(session.trainer, saved)
        else:
            session.trainer.restore(saved.game, saved.averages, saved.state)
    except (RuntimeError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise SparringError(f"checkpoint {place} does not fit {run.path / 'recipe.toml'}: {error}") from None
