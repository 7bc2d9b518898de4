"""One change for each verdict: what to try next, as settings on top of the run's own recipe."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sparring.config import Recipe
from sparring.data.spec import Spec
from sparring.recipes import override, parse

Settings = tuple[str, ...]
Candidates = Iterator[Settings]


def remedy(verdict: str, recipe: Recipe, spec: Spec) -> Settings:
    """The settings to try against what ails a run.

    Args:
        verdict: its name.
        recipe: the resolved recipe of the run.
        spec: its pictures.

    >>> remedy("diverging", Recipe(game={"name": "gan"}, images=1000), Spec(channels=1, height=8, width=8))
    ('optimizer.lr=5e-05',)
    """
    now = recipe.model_dump(mode="json", exclude_none=True)
    for settings in _REMEDIES[verdict](recipe, spec):
        if override(now, parse(settings)) != now:
            return settings
    return _lower_rate(recipe)


def _lower_rate(recipe: Recipe) -> Settings:
    return (f"optimizer.lr={recipe.optimizer.lr / 4:.3g}",)


def _diverging(recipe: Recipe, spec: Spec) -> Candidates:
    yield _lower_rate(recipe)


def _collapse(recipe: Recipe, spec: Spec) -> Candidates:
    """Judge two pictures as one (Lin et al., arXiv:1712.04086); where that cannot be, show the batch as a whole."""
    aids, name = _aids(recipe), recipe.game["name"]
    if name in PLAIN and aids["packing"] == 1 and recipe.batch_size % 2 == 0 and recipe.batch_size > 2:
        yield ("game.aids.packing=2",)
    elif aids and name not in CLASSIFIERS and aids["minibatch"] == "none":
        yield ("game.aids.minibatch=deviation",)


def _vanishing(recipe: Recipe, spec: Spec) -> Candidates:
    """A loss that is not flat where the discriminator is sure; else noise that makes it less so."""
    if recipe.game.get("objective") == "minimax":
        yield ("game.objective=non-saturating",)
    if recipe.game["name"] == "wgan":
        yield (f"game.clip={min(1.0, 10 * recipe.game['clip']):.3g}",)
    yield from _noise(recipe, spec)


def _noise(recipe: Recipe, spec: Spec) -> Candidates:
    """Noise on all that the discriminator sees (Arjovsky and Bottou, arXiv:1701.04862, section 3.1)."""
    aids = _aids(recipe)
    if aids:
        # by default it is gone after 100,000 images, and a run may be past them
        lasting = f"game.aids.instance_noise_until={recipe.images or 10_000_000}"
        yield (f"game.aids.instance_noise={min(2.0, 2 * aids['instance_noise'] or 0.1):.3g}", lasting)


def _strong(recipe: Recipe, spec: Spec) -> Candidates:
    """Fewer turns for the discriminator where it has several; else noise on what it sees."""
    yield from (_turns(recipe, lambda turns: 1))
    yield from _noise(recipe, spec)


def _weak(recipe: Recipe, spec: Spec) -> Candidates:
    """Take away what holds the discriminator back; else give it more turns, or more width."""
    aids = _aids(recipe)
    if aids and aids["instance_noise"]:
        yield ("game.aids.instance_noise=0",)
    if aids and aids["augment"] == "fixed":
        yield ("game.aids.augment=adaptive",)
    yield from _turns(recipe, lambda turns: 2 * turns)
    yield (f"game.width={2 * recipe.game['width']}",)


def _turns(recipe: Recipe, change: Callable[[int], int]) -> Candidates:
    for name in ("critic_steps", "discriminator_steps"):
        if name in recipe.game:
            yield (f"game.{name}={change(recipe.game[name])}",)


def _overfits(recipe: Recipe, spec: Spec) -> Candidates:
    """Augment as much as overfitting asks for (Karras et al., arXiv:2006.06676); else a smaller network."""
    aids = _aids(recipe)
    if aids and aids["augment"] == "none" and not spec.points:
        yield ("game.aids.augment=adaptive",)
    yield (f"game.width={max(1, recipe.game['width'] // 2)}",)


def _oscillates(recipe: Recipe, spec: Spec) -> Candidates:
    """No momentum (Gidel et al., arXiv:1807.04740); without any, learn more slowly."""
    if recipe.optimizer.kind == "adam" and recipe.optimizer.betas[0] > 0:
        yield (f"optimizer.betas=[0.0,{max(recipe.optimizer.betas[1], 0.99):g}]",)


def _checkerboard(recipe: Recipe, spec: Spec) -> Candidates:
    """Resize, then convolve (Odena et al., Distill 2016)."""
    yield ("game.upsampling=resize",) if "upsampling" in recipe.game else ("game.network=dcgan-resize",)


def _label(recipe: Recipe, spec: Spec) -> Candidates:
    """A weight for the classes where there is one; else networks that can hold more."""
    if recipe.game.get("class_weight", 1.0) < 1:
        yield ("game.class_weight=1",)
    yield (f"game.width={2 * recipe.game['width']}",)


def _mismatch(recipe: Recipe, spec: Spec) -> Candidates:
    """Batches that are large enough for statistics; else an average that follows sooner."""
    if recipe.batch_size < 16:
        yield ("batch_size=32",)
    yield (f"average.half_life={recipe.average.half_life / 4:g}",)


def _plateau(recipe: Recipe, spec: Spec) -> Candidates:
    """A higher learning rate where it is tiny; else one that does not fall so soon."""
    if recipe.optimizer.lr < 1e-5:
        yield ("optimizer.lr=2e-4",)
    if recipe.schedule.decay_from is not None:
        yield (f"schedule.decay_from={(1 + recipe.schedule.decay_from) / 2:g}",)
    yield (f"optimizer.lr={4 * recipe.optimizer.lr:.3g}",)


def _aids(recipe: Recipe) -> Mapping[str, Any]:
    found: Mapping[str, Any] = recipe.game.get("aids", {})
    return found


PLAIN = ("gan", "dcgan", "lsgan", "hinge", "wgan", "wgan-gp", "relativistic")
"""Games whose latents have no codes: pictures may be judged in packs."""
CLASSIFIERS = ("semi-supervised", "complement")
"""Games that ship a classifier, which must know a picture by itself."""

_REMEDIES: dict[str, Callable[[Recipe, Spec], Candidates]] = {
    "mode collapse": _collapse,
    "vanishing gradient": _vanishing,
    "discriminator too strong": _strong,
    "discriminator too weak": _weak,
    "discriminator overfits": _overfits,
    "diverging": _diverging,
    "oscillating": _oscillates,
    "checkerboard": _checkerboard,
    "copying": _overfits,
    "label ignored": _label,
    "statistics mismatch": _mismatch,
    "plateau": _plateau,
}
