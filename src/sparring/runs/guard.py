"""`guard=rollback`: a run that falls ill goes back to its best checkpoint, and on with what the doctor suggests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from sparring import files
from sparring.config import Recipe
from sparring.doctor.remedies import remedy
from sparring.doctor.verdicts import Finding
from sparring.recipes import override, parse
from sparring.runs import checkpoint
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
    """
    settings = remedy(found.verdict, session.recipe)
    place = _before(run, found.since)
    images = int(place.name) if place else 0
    number = run.rollbacks() + 1
    run.add_event(ROLLBACK, images=images, verdict=found.verdict, settings=list(settings), why=found.evidence)
    session.observer.say(
        f"guard: {found.verdict}: back to {'the start' if place is None else f'{images:,} images'}, and on with "
        f"{' '.join(settings)} (rollback {number} of at most {session.recipe.rollbacks})"
    )
    for later in checkpoint.finished(run.checkpoints):
        if int(later.name) > images:
            files.remove(later)
    recipe = checked(override(session.recipe.model_dump(mode="json", exclude_none=True), parse(settings)))
    run.write_recipe(recipe)
    run.rewind(images)
    fresh = make(recipe)
    if place is not None:
        restore_what_fits(fresh.trainer, checkpoint.load(place))
    fresh.trainer.seconds = session.trainer.seconds  # time does not go back
    return fresh


def _before(run: Run, since: int) -> Path | None:
    """The best checkpoint if it is from before the illness, else the newest that is; None if none is."""
    healthy = [place for place in checkpoint.finished(run.checkpoints) if int(place.name) <= since]
    best = checkpoint.best(run.checkpoints)
    if best is not None:
        healthy = [place for place in healthy if place.name == best["checkpoint"]] or healthy
    return healthy[-1] if healthy else None


def restore_what_fits(trainer: Trainer, saved: checkpoint.Checkpoint) -> None:
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
