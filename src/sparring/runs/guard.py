"""`guard=rollback`: a run that falls ill goes back to its best checkpoint, and on with what the doctor suggests."""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from sparring import files
from sparring.config import Recipe
from sparring.doctor.remedies import remedy
from sparring.doctor.verdicts import Finding
from sparring.recipes import override, parse
from sparring.runs import checkpoint, recovery
from sparring.runs.checkpoint import Checkpoint
from sparring.runs.folder import ROLLBACK, Run
from sparring.runs.session import Session
from sparring.runs.settings import checked
from sparring.training.loop import Trainer

Make = Callable[[Recipe], Session]
"""A session from its start, with another recipe."""


def go_back(run: Run, session: Session, found: Finding, make: Make) -> Session:
    """Undo what was trained since a run fell ill.

    Args:
        run: its folder; what was written after the checkpoint is removed.
        session: that fell ill; of no further use.
        found: what ails it.
        make: prepares the session that goes on.

    Returns:
        A session that stands where the checkpoint was taken, with the settings that are tried.

    Raises:
        UsageError: the settings cannot be tried here; nothing was changed.
    """
    settings = remedy(found.verdict, session.recipe, session.dataset.spec)
    recipe = checked(override(session.recipe.model_dump(mode="json", exclude_none=True), parse(settings)))
    fresh = make(recipe)  # before anything is lost: it must be possible
    before = _before(run, found.since, session.observer.say)
    if before is not None and not _restore_what_fits(fresh, before[1]):
        before = None  # a generator that starts anew needs the whole budget
        fresh = make(recipe)
    fresh.trainer.seconds = session.trainer.seconds  # time does not go back
    images = fresh.trainer.images
    session.observer.say(
        f"guard: {found.verdict}: back to {f'{images:,} images' if before else 'the start'}, and on with "
        f"{' '.join(settings)} (rollback {run.rollbacks() + 1} of at most {session.recipe.rollbacks})"
    )
    # in this order, so that a kill in between leaves a run that can go on
    _forget(run, images)
    run.add_event(ROLLBACK, images=images, verdict=found.verdict, settings=list(settings), why=found.evidence)
    run.write_recipe(recipe)
    run.rewind(images)
    return fresh


def _forget(run: Run, images: int) -> None:
    """Remove checkpoints from after so many images, and what points to them."""
    places = checkpoint.every(run.checkpoints)
    later = [place for place in places if int(place.name) > images or not images]
    checkpoint.point(run.checkpoints, [place for place in places if place not in later])
    for place in reversed(later):  # if a kill comes in between, the sick run goes on from where it was less so
        files.remove(place)
    if checkpoint.best(run.checkpoints) is None:
        files.remove(run.best_model)


def _restore_what_fits(session: Session, saved: Checkpoint) -> bool:
    """Whether all of the generator could be taken over, which it then was."""
    shipped = session.trainer.averages.players.state_dict()
    if any(name not in saved.averages or saved.averages[name].shape != value.shape for name, value in shipped.items()):
        return False
    restore_what_fits(session.trainer, saved)
    return True


def _before(run: Run, since: int, say: recovery.Say) -> recovery.Found | None:
    """The best checkpoint if it is from before the illness, else the newest that is; None if no whole one is."""
    healthy = [place for place in checkpoint.every(run.checkpoints) if int(place.name) < since]
    best = checkpoint.best(run.checkpoints)
    if best is not None:
        healthy.sort(key=lambda place: place.name == best["checkpoint"])  # the last is tried first
    found, damage = recovery.first_whole(reversed(healthy))
    recovery.put_aside(run, damage, say)
    return found


def restore_what_fits(trainer: Trainer, saved: Checkpoint) -> None:
    """`Trainer.restore`, but what the changed settings gave another name or shape keeps its first values."""
    own = trainer.state()
    teams = saved.state["optimizers"]
    optimizers = {
        team: teams[team] if team in teams and _alike(state, teams[team]) else state
        for team, state in own["optimizers"].items()
    }
    trainer.restore(
        _fitting(trainer.game.state_dict(), saved.game),
        _fitting(trainer.averages.players.state_dict(), saved.averages),
        {**saved.state, "optimizers": optimizers},
    )


def _fitting(own: Mapping[str, Tensor], saved: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: saved[name] if name in saved and saved[name].shape == value.shape else value
        for name, value in own.items()
    }


def _alike(own: Mapping[str, list[Any]], saved: Mapping[str, list[Any]]) -> bool:
    shapes = [{kind: [one.shape for one in column] for kind, column in side.items()} for side in (own, saved)]
    return shapes[0] == shapes[1]
