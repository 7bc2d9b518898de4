"""A run that several processes play together: the first one leads, and the others are told all that they need."""

from dataclasses import asdict
from typing import Any

from sparring.config import Recipe
from sparring.errors import UsageError
from sparring.metrics.features import Extractor
from sparring.runs.interruption import undisturbed
from sparring.runs.prepare import prepare
from sparring.runs.session import Outcome, Session, Silent
from sparring.training.distributed import Ranks
from sparring.training.speed import Speed, on_threads


def divided(recipe: Recipe, ranks: Ranks) -> Recipe:
    """The recipe with a part of every batch for each process.

    Raises:
        UsageError: a process would have no work, or less than another one, or it cannot be done together.
    """
    if ranks.alone:
        return recipe
    if recipe.guard == "rollback":
        raise UsageError("guard=rollback goes back alone: with several processes, set guard=warn")
    parts = ranks.world if recipe.parts == 1 else recipe.parts
    if parts % ranks.world:
        raise UsageError(
            f"{ranks.world} processes cannot share the {parts} parts of a batch: start as many as divide {parts}, "
            "or set parts"
        )
    return recipe.model_copy(update={"parts": parts})


def own(session: Session, ranks: Ranks) -> Session:
    """What one of the processes has to do, for a process that tries it alone before the others are needed."""
    if ranks.alone:
        return session
    recipe = session.recipe
    less: dict[str, Any] = {"batch_size": recipe.batch_size // ranks.world, "parts": recipe.parts // ranks.world}
    if recipe.images:
        less["images"] = -(-recipe.images // ranks.world)
    one = recipe.model_copy(update=less)
    return prepare(one, session.title, session.observer, session.dataset, session.extractor)


def led(session: Session, speed: Speed, ranks: Ranks) -> Session:
    """The session of the process that leads, once it has told the others what is to be played."""
    if ranks.alone:
        return session
    recipe = session.recipe.model_dump(mode="json", exclude_none=True)
    ranks.told({"recipe": recipe, "title": session.title, "speed": asdict(speed)})
    about = session.title, session.observer, session.dataset, session.extractor
    return prepare(session.recipe, *about, speed, ranks)


def follow(ranks: Ranks, extractor: Extractor | None) -> Outcome:
    """Play along until the process that leads says that it is over.

    Returns:
        How far it came; it has no folder.

    Raises:
        Lost: it is gone.
    """
    told = ranks.told()
    recipe, speed = Recipe.model_validate(told["recipe"]), Speed(**told["speed"])
    session = prepare(recipe, told["title"], Silent(), None, extractor, speed, ranks)
    with undisturbed(), on_threads(speed.threads):
        session.trainer.follow()
        for _ in session.trainer.run(session.stream):
            pass
    return Outcome("", session.trainer.images, session.trainer.seconds, 0.0, finished=True)
