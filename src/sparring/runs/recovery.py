"""Going on after damage: the newest checkpoint that is whole is found, and those that are not are put aside."""

from collections.abc import Callable, Iterable
from pathlib import Path

from sparring import files
from sparring.errors import SparringError
from sparring.runs import checkpoint
from sparring.runs.checkpoint import Checkpoint, Damaged
from sparring.runs.folder import Run

Found = tuple[Path, Checkpoint]
"""A checkpoint that is whole: where it lies, and what it holds."""
Damage = dict[Path, str]
"""Checkpoints that are not, and why."""
Say = Callable[[str], None]


def newest(run: Run, say: Say) -> Found | None:
    """The newest checkpoint that is whole; `latest.json` and `best.json` then point to whole ones, or are gone.

    Args:
        run: its folder, which the caller holds.
        say: is told, in a line each, of damaged ones that were put aside.

    Returns:
        None before the first.

    Raises:
        SparringError: there are checkpoints, and none is whole; nothing was changed.
    """
    found, damage = first_whole(reversed(checkpoint.every(run.checkpoints)))
    if found is None and damage:
        why = next(iter(damage.values()))
        raise SparringError(f"no checkpoint of {run.path} is whole: {why}; to start over, remove {run.checkpoints}")
    best = checkpoint.best(run.checkpoints)
    if best is not None and (found is None or best["checkpoint"] != found[0].name):
        damage |= _damage(run.checkpoints / best["checkpoint"])
    put_aside(run, damage, say)
    return found


def first_whole(places: Iterable[Path]) -> tuple[Found | None, Damage]:
    """The first of these checkpoints that is whole, and what is wrong with those before it."""
    damage: Damage = {}
    for place in places:
        try:
            return (place, checkpoint.load(place)), damage
        except Damaged as error:
            damage[place] = str(error)
    return None, damage


def put_aside(run: Run, damage: Damage, say: Say) -> None:
    """Rename damaged checkpoints, so that nothing points to them or takes them for whole.

    Raises:
        SparringError: the folder cannot be written.
    """
    whole = [place for place in checkpoint.finished(run.checkpoints) if place not in damage]
    checkpoint.point(run.checkpoints, whole)  # first, in case of a kill
    for place, why in damage.items():
        aside = files.rename(place, f"damaged-{place.name}")
        run.add_event("damaged", images=int(place.name), why=why)
        say(f"{why}; this checkpoint is put aside as {aside.name}")


def _damage(place: Path) -> Damage:
    try:
        checkpoint.check(place)
    except Damaged as error:
        return {place: str(error)}
    return {}
