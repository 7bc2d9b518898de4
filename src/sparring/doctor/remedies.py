"""One change for each verdict: what to try next, as settings on top of the run's own recipe."""

from collections.abc import Callable, Mapping
from typing import Any

from sparring.config import Recipe

Settings = tuple[str, ...]


def remedy(verdict: str, recipe: Recipe) -> Settings:
    """The settings to try against what ails a run; empty where none is known.

    Args:
        verdict: its name.
        recipe: the resolved recipe of the run.

    >>> remedy("diverging", Recipe(game={"name": "gan"}, images=1000))
    ('optimizer.lr=5e-05',)
    """
    return _REMEDIES[verdict](recipe) if verdict in _REMEDIES else ()


def _lower_rate(recipe: Recipe) -> Settings:
    return (f"optimizer.lr={recipe.optimizer.lr / 4:.3g}",)


def _collapse(recipe: Recipe) -> Settings:
    """Judge two pictures as one (Lin et al., arXiv:1712.04086); where that is done or cannot be, learn more slowly."""
    aids = _aids(recipe)
    ships_a_classifier = recipe.game["name"] in ("semi-supervised", "complement")
    has_codes = recipe.game["name"] not in _PLAIN
    if not aids or ships_a_classifier or aids.get("packing", 1) > 1 or recipe.batch_size % 2:
        return _lower_rate(recipe)
    return ("game.aids.minibatch=deviation",) if has_codes else ("game.aids.packing=2",)


def _vanishing(recipe: Recipe) -> Settings:
    """A loss that is not flat where the discriminator is sure; else noise that makes it less so."""
    if recipe.game.get("objective") == "minimax":
        return ("game.objective=non-saturating",)
    if recipe.game["name"] == "wgan":
        return (f"game.clip={min(1.0, 10 * recipe.game['clip']):.3g}",)
    return _noise(recipe)


def _noise(recipe: Recipe) -> Settings:
    """Noise on all that the discriminator sees (Arjovsky and Bottou, arXiv:1701.04862, section 3.1)."""
    aids = _aids(recipe)
    if not aids:
        return _lower_rate(recipe)
    return (f"game.aids.instance_noise={min(2.0, 2 * aids['instance_noise'] or 0.1):.3g}",)


def _strong(recipe: Recipe) -> Settings:
    """Fewer turns for the discriminator where it has several; else noise on what it sees."""
    for name in ("critic_steps", "discriminator_steps"):
        if recipe.game.get(name, 1) > 1:
            return (f"game.{name}=1",)
    return _noise(recipe)


def _weak(recipe: Recipe) -> Settings:
    """Take away what holds the discriminator back; else give it more turns, or more width."""
    aids = _aids(recipe)
    if aids and aids["instance_noise"]:
        return ("game.aids.instance_noise=0",)
    if aids and aids["augment"] == "fixed":
        return ("game.aids.augment=adaptive",)
    for name in ("critic_steps", "discriminator_steps"):
        if name in recipe.game:
            return (f"game.{name}={2 * recipe.game[name]}",)
    return (f"game.width={2 * recipe.game['width']}",)


def _overfits(recipe: Recipe) -> Settings:
    """Augment as much as overfitting asks for (Karras et al., arXiv:2006.06676); else a smaller network."""
    aids = _aids(recipe)
    if aids and aids["augment"] == "none" and recipe.game["network"] != "points":
        return ("game.aids.augment=adaptive",)
    return (f"game.width={max(1, recipe.game['width'] // 2)}",)


def _oscillates(recipe: Recipe) -> Settings:
    """No momentum (Gidel et al., arXiv:1807.04740); without any, learn more slowly."""
    first, second = recipe.optimizer.betas
    return (f"optimizer.betas=[0.0,{max(second, 0.99):g}]",) if first > 0 else _lower_rate(recipe)


def _checkerboard(recipe: Recipe) -> Settings:
    """Resize, then convolve (Odena et al., Distill 2016)."""
    return ("game.network=dcgan-resize",) if recipe.game["network"] != "dcgan-resize" else _lower_rate(recipe)


def _label(recipe: Recipe) -> Settings:
    """A weight for the classes where there is one."""
    if recipe.game.get("class_weight", 1.0) < 1:
        return ("game.class_weight=1",)
    return (f"game.width={2 * recipe.game['width']}",)


def _mismatch(recipe: Recipe) -> Settings:
    """Batches that are large enough for statistics; else an average that follows sooner."""
    if recipe.batch_size < 16:
        return ("batch_size=32",)
    return (f"average.half_life={recipe.average.half_life / 4:g}",)


def _plateau(recipe: Recipe) -> Settings:
    """A higher learning rate where it is tiny; else one that does not fall so soon."""
    if recipe.optimizer.lr < 1e-5:
        return ("optimizer.lr=2e-4",)
    if recipe.schedule.decay_until is not None:
        return (f"schedule.decay_until={4 * recipe.schedule.decay_until}",)
    return (f"optimizer.lr={min(1e-3, 4 * recipe.optimizer.lr):.3g}",)


def _aids(recipe: Recipe) -> Mapping[str, Any]:
    found: Mapping[str, Any] = recipe.game.get("aids", {})
    return found


_PLAIN = ("gan", "dcgan", "lsgan", "hinge", "wgan", "wgan-gp", "relativistic")
"""Games whose latents have no codes: pictures may be judged in packs."""

_REMEDIES: dict[str, Callable[[Recipe], Settings]] = {
    "mode collapse": _collapse,
    "vanishing gradient": _vanishing,
    "discriminator too strong": _strong,
    "discriminator too weak": _weak,
    "discriminator overfits": _overfits,
    "diverging": _lower_rate,
    "oscillating": _oscillates,
    "checkerboard": _checkerboard,
    "copying": _overfits,
    "label ignored": _label,
    "statistics mismatch": _mismatch,
    "plateau": _plateau,
}
