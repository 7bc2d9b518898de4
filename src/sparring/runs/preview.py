"""What a run will take, found by playing one step of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from sparring.config import Recipe
from sparring.runs.session import Session


@dataclass(frozen=True)
class Preview:
    """What was found.

    Attributes:
        parameters: of each player.
        memory: bytes, by what they are for.
    """

    parameters: dict[str, int]
    memory: dict[str, int]


class _Kept:
    """Counts what forward passes keep for backward ones: the most bytes at any one time.

    Args:
        own: where the weights lie, which are there anyway.
    """

    def __init__(self, own: set[int]) -> None:
        self.most = self._now = 0
        self._own = own
        self._holders: dict[int, int] = {}

    def keep(self, tensor: Tensor) -> "_Held":
        """A tensor that a backward pass will want."""
        storage = tensor.untyped_storage()
        place, size = storage.data_ptr(), storage.nbytes()
        holders = self._holders.get(place, 0)
        self._holders[place] = holders + 1
        if not holders and place not in self._own:
            self._now += size
            self.most = max(self.most, self._now)
        return _Held(tensor, partial(self._release, place, size))

    def _release(self, place: int, size: int) -> None:
        self._holders[place] -= 1
        if not self._holders[place] and place not in self._own:
            self._now -= size


class _Held:
    """A kept tensor, which says so when autograd lets go of it."""

    def __init__(self, tensor: Tensor, release: Callable[[], None]) -> None:
        self.tensor = tensor
        self._release = release

    def __del__(self) -> None:
        self._release()


def settled(recipe: Recipe) -> Recipe:
    """The same without the game's own warm-up, the steps of which take less than those that follow."""
    return recipe.model_copy(update={"game": {**recipe.game, "warmup": 0}}) if "warmup" in recipe.game else recipe


def preview(session: Session) -> Preview:
    """Play one step; the session is of no further use.

    Counted are the weights with their gradients, running means and average; what a step keeps from its forward passes
    for the backward ones; and the pictures, where they are held in memory.
    """
    trainer = session.trainer
    kept = _Kept({tensor.untyped_storage().data_ptr() for tensor in trainer.game.state_dict().values()})
    with saved_tensors_hooks(kept.keep, lambda held: held.tensor):
        next(trainer.run(session.stream))
    adam = [
        tensor for state in trainer.state()["optimizers"].values() for column in state.values() for tensor in column
    ]
    gradients = [p.grad for p in trainer.game.parameters() if p.grad is not None]
    memory = {
        "weights": _bytes(list(trainer.game.players.state_dict().values())),
        "gradients": _bytes(gradients),
        "optimisers": _bytes(adam),
        "average": _bytes(list(trainer.averages.state_dict().values())),
        f"activations of a batch of {session.recipe.batch_size}": kept.most,
    }
    memory["a step in all"] = sum(memory.values())
    memory["pictures"] = 0 if session.dataset.stored is None else _bytes([session.dataset.stored])
    return Preview(
        {name: sum(p.numel() for p in player.parameters()) for name, player in trainer.game.players.items()}, memory
    )


def _bytes(tensors: list[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
