"""How good a run's pictures are while it trains: evaluations now and then, the best of which is kept."""

from sparring.config import Recipe
from sparring.data import Dataset
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.inference import model
from sparring.metrics import panel, protocol, receipt
from sparring.runs import checkpoint
from sparring.runs.best import keep
from sparring.runs.evaluation import Say, find_extractor
from sparring.runs.folder import Run
from sparring.runs.judge import Judge
from sparring.runs.overview import receipts
from sparring.runs.parts import with_test_part


def check(recipe: Recipe) -> None:
    """Make sure that a recipe's evaluation names things that there are.

    Raises:
        UsageError: an unknown protocol or metric; the message suggests the nearest.
    """
    protocol.find(recipe.evaluation.protocol)
    panel.find(recipe.evaluation.metric)


def begin(
    run: Run, recipe: Recipe, dataset: Dataset, product: Product, config: model.Config, over: bool, say: Say
) -> "Watch | None":
    """What watches a sitting: None where no evaluation is wanted any more.

    If the run was killed between a checkpoint and its evaluation, that is made now.

    Args:
        run: its folder.
        recipe: its table `evaluation` says whether, and how often.
        dataset: that is trained on.
        product: the averaged generator of the checkpoint that the run goes on from.
        config: of its model.
        over: whether the budget is used up.
        say: is told what was found.

    Raises:
        UsageError: as `Watch` does.
    """
    every = recipe.evaluation.every
    late = every > 0 and _missed(run, every, config.images, over)
    if not every or (over and not late):
        return None
    watch = Watch(run, recipe, dataset, product, say)
    if late:
        watch.evaluate(product, config)
    return watch


def _missed(run: Run, every: int, images: int, over: bool) -> bool:
    """Whether the newest evaluation that should be there is not; there is one at the end of a budget, too."""
    since = images if over else max(every, images // every * every)
    return since <= images and not any(since <= row.get("images", -1) <= images for row in run.evaluations())


class Watch:
    """Measures the averaged generator, and points `best.json` to the best checkpoint.

    Args:
        run: where the receipts go.
        recipe: its table `evaluation` says how.
        dataset: that is trained on.
        product: what will be measured.
        say: is told what was found.

    Raises:
        UsageError: the protocol wants a file of weights, or a part of the set, that is not there; or the metric cannot
            be computed for this set and game.
    """

    def __init__(self, run: Run, recipe: Recipe, dataset: Dataset, product: Product, say: Say) -> None:
        self.run, self.say = run, say
        self.metric = recipe.evaluation.metric
        plan = protocol.find(recipe.evaluation.protocol)
        sets = with_test_part(dataset, recipe.data, say)
        extractor = find_extractor(plan, sets, None, say)
        # always the same pictures are drawn, so that one evaluation differs from the next by the generator alone
        self.judge = Judge(sets, extractor, recipe.evaluation.protocol, seed=0, say=lambda text: None)
        self.names = tuple(dict.fromkeys([*plan.metrics, self.metric]))
        if not self.judge.can(self.metric, product):
            able = ", ".join(self.judge.able(product))
            raise UsageError(
                f"evaluation.metric={self.metric} cannot be computed for this set and game; these can: {able}"
            )

    def evaluate(self, product: Product, config: model.Config) -> None:
        """Measure; the checkpoint that was just saved becomes the best if it is.

        Args:
            product: the averaged generator.
            config: of the model, should it be the best.
        """
        found = self.judge.measure(product, config.images, self.names)
        name = receipt.named(self.metric, self.judge.extractor.title)
        chosen = next(one for one in found if one.metric == name)
        earlier = [one for one in receipts(self.run).get(chosen.key, []) if one != chosen]
        rivals = [one for one in earlier if not receipt.unlike(one, chosen) and one.protocol == chosen.protocol]
        if checkpoint.best(self.run.checkpoints) is None:
            rivals = []  # whichever was best is gone, with a checkpoint that a rollback undid
        best = all(receipt.better(chosen, rival) for rival in rivals)
        self.say(
            f"{chosen.key} {chosen.value:.4g} after {chosen.images:,} images"
            + ("" if chosen.floor is None else f" (real against real {chosen.floor:.2g})")
            + (", the best so far" if best and rivals else "")
        )
        if best:
            keep(self.run, chosen.metric, chosen.value, product, config)
        self.run.add_evaluation(*(one.as_row() for one in found))  # last: after a kill before this it is made again
