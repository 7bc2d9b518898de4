"""The network that a game compares what pictures show by: an extractor of the metrics, found by name or given."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from sparring import games
from sparring.config import Recipe
from sparring.data import Dataset
from sparring.errors import SparringError, UsageError
from sparring.games.base import Perception
from sparring.metrics import inception, vgg
from sparring.metrics.features import Extractor, Random, View
from sparring.runs import weights
from sparring.runs.evaluation import Say, own_classifier

KEY = "perceptual"
"""Of the option that names the extractor, and of its title in `environment.json`."""
GIVEN = "perceptual_given"
"""In `environment.json`: that it was handed over, so that no option names it."""


def find(recipe: Recipe, dataset: Dataset, given: Extractor | None, device: torch.device, say: Say) -> Extractor | None:
    """The extractor of a run whose game asks for one, frozen; None for all others.

    Args:
        recipe: of the run; `game.perceptual` names it.
        dataset: that is trained on.
        given: instead of the one that is named.
        device: where to compute.
        say: is told when a classifier has to be trained first.

    Raises:
        UsageError: there is no such extractor, it cannot see these pictures, or says nothing of where things are; or
            one was given to a game that has no use for it.
        SparringError: its file is damaged.
    """
    if not games.find(recipe.game["name"]).perceives:
        if given is not None:
            raise UsageError(f"game {recipe.game['name']!r} looks at pictures by itself: leave the extractor out")
        return None
    assert dataset.inputs is not None  # nobody else perceives so far
    extractor = given or _named(recipe.game[KEY], dataset.inputs, say)
    extractor.to(device).eval().requires_grad_(False)
    perception_of(extractor)(torch.zeros(1, *dataset.inputs.spec.shape, device=device))  # what it cannot see, it says
    return extractor


def _named(name: str, sources: Dataset, say: Say) -> Extractor:
    if name == "own":
        return own_classifier(replace(sources, title=f"what is translated to {sources.title}"), say)
    if name == "random":
        return Random(sources.spec.channels)
    if name == "inception":
        return inception.load(weights.find_inception())
    if Path(name).is_file():
        return vgg.load(Path(name))
    raise UsageError(
        f"game.{KEY}={name}: neither own, random or inception, nor a file of the weights of a VGG: give one of these"
    )


def perception_of(extractor: Extractor) -> Perception:
    """What a game is handed: a function, so that the extractor becomes no part of the game."""

    def see(pictures: torch.Tensor) -> torch.Tensor:
        view: View = extractor(pictures)
        if not view.maps:
            raise UsageError(
                f"extractor {extractor.title} does not say where things are: let its module return a map, [N, c, h, w]"
            )
        return view.maps[extractor.content]

    return see


def absolute(game: dict[str, Any]) -> dict[str, Any]:
    """The table of a game, a file that it names from the root: a run must find it again from another folder."""
    name = game.get(KEY)
    return game if name is None or not Path(name).is_file() else game | {KEY: str(Path(name).resolve())}


def portable(game: dict[str, Any]) -> dict[str, Any]:
    """The table of a game as a model keeps it, which needs no such file: its name alone."""
    name = game.get(KEY)
    return game if name is None else game | {KEY: Path(name).name}


def note(extractor: Extractor | None, given: bool) -> dict[str, Any]:
    """What `environment.json` says of it."""
    return {} if extractor is None else {KEY: extractor.title} | ({GIVEN: True} if given else {})


def check_given(extractor: Extractor | None, environment: dict[str, Any]) -> None:
    """Make sure, before anything is computed, that a run whose network was handed over is handed it again.

    Raises:
        UsageError: it is not.
    """
    if extractor is None and environment.get(GIVEN):
        raise UsageError(
            f"the run compares pictures by {environment[KEY]}, which was handed over from Python: "
            "sparring.resume(run, extractor=...) goes on with it"
        )


def check_same(extractor: Extractor | None, environment: dict[str, Any]) -> None:
    """Make sure that a run goes on with the network that it began with.

    Raises:
        SparringError: it is another one.
    """
    title = None if extractor is None else extractor.title
    if title != environment.get(KEY):
        raise SparringError(
            f"the run compares pictures by {environment.get(KEY)}, and this is {title}: bring that one back, or start "
            "a new run"
        )
