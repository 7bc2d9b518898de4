"""Everything that a run needs, ready for its first step."""

import torch

from sparring import data as datasets
from sparring import games
from sparring.config import Data, Recipe
from sparring.data import Dataset
from sparring.data.batches import Images, Share
from sparring.data.recognise import absolute
from sparring.metrics.features import Extractor
from sparring.runs import perception, watch
from sparring.runs.fitting import check_batch, check_labels
from sparring.runs.parts import open_set
from sparring.runs.preview import settled
from sparring.runs.session import Observer, Session, Silent
from sparring.seeds import mix
from sparring.training import memory
from sparring.training.device import find_device
from sparring.training.distributed import ALONE, Ranks
from sparring.training.loop import Trainer
from sparring.training.speed import EXACT, Speed


def prepare(
    recipe: Recipe,
    title: str,
    observer: Observer,
    dataset: Dataset | None = None,
    extractor: Extractor | None = None,
    speed: Speed = EXACT,
    ranks: Ranks = ALONE,
) -> Session:
    """Everything that a run needs, ready for its first step; nothing is written.

    Args:
        recipe: checked.
        title: the recipe's name.
        observer: is told what happens.
        dataset: the pictures, where they were opened before.
        extractor: instead of the one that the recipe names, where it names one.
        speed: how the arithmetic of steps is done.
        ranks: the processes that play the run together.

    Raises:
        UsageError: the data's name, the device or the combination of game and pictures is wrong.
        SparringError: the data is broken.
    """
    memory.keep()
    device = find_device(recipe.device if ranks.alone else ranks.device(recipe.device))
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False  # speed=exact is float32
    recipe = recipe.model_copy(update={"data": _absolute(recipe.data), "game": perception.absolute(recipe.game)})
    if dataset is None:
        dataset = opened(recipe.data, observer, games.find(recipe.game["name"]).takes)
    share = Share(ranks.rank, ranks.world)
    stream = datasets.Stream(dataset, recipe.batch_size, recipe.seed, device, share)
    check_labels(recipe, dataset, observer.say)
    watch.check(recipe)
    extractor = perception.find(recipe, dataset, extractor, device, observer.say)
    torch.manual_seed(mix("weights", recipe.seed))
    game = games.build(recipe.game, dataset.spec, extractor and perception.perception_of(extractor))
    check_batch(recipe, game)
    settings = recipe.optimizer, recipe.schedule, recipe.average
    trainer = Trainer(game, *settings, recipe.seed, device, recipe.used, speed, recipe.parts, ranks)
    return Session(recipe, title, dataset, stream, trainer, device, observer, extractor)


def like(session: Session, recipe: Recipe) -> Session:
    """A session like another one from its start, with another recipe."""
    return prepare(recipe, session.title, session.observer, session.dataset, session.extractor, session.trainer.speed)


def smaller(session: Session, batch_size: int) -> Session:
    """The same run from its start, with another batch size; the observer is told nothing."""
    recipe = settled(session.recipe).model_copy(update={"batch_size": batch_size})
    return prepare(recipe, session.title, Silent(), session.dataset, session.extractor)


def computed(session: Session, speed: Speed) -> Session:
    """The same run from its start, computed in another way; the observer is told nothing."""
    return prepare(session.recipe, session.title, Silent(), session.dataset, session.extractor, speed)


def opened(config: Data, observer: Observer, takes: type[Images] = Images) -> Dataset:
    """The pictures; the observer is told what they are."""
    dataset = open_set(config, takes, observer.say)
    observer.say(f"{dataset.source.layout}: {len(dataset):,} items")
    for note in dataset.notes:
        observer.say(note)
    return dataset


def _absolute(data: Data) -> Data:
    # a run must find its pictures again from another folder; embedded sets have no path
    paths = {"path": data.path, "inputs": data.inputs}
    return data.model_copy(update={key: absolute(path) for key, path in paths.items() if path})
