"""The best checkpoint of a run so far: what `best.json` points to, and its model, ready to be used."""

from sparring import files
from sparring.games.base import Product
from sparring.inference import model
from sparring.runs import checkpoint
from sparring.runs.folder import Run


def keep(run: Run, metric: str, value: float, product: Product, config: model.Config) -> None:
    """Call the checkpoint that was just saved the best so far.

    Args:
        run: its folder.
        metric: by which it is.
        value: of the metric.
        product: what is shipped at this point.
        config: of the model.
    """
    place = checkpoint.latest(run.checkpoints)
    assert place is not None  # one was saved just now
    facts = {"checkpoint": place.name, "images": config.images, "metric": metric, "value": value}
    files.write_json(run.path / "best.json", facts)
    model.save(run.best_model, config, product)
