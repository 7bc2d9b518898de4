"""What a run will take, found by playing one step of it."""

from dataclasses import dataclass

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

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


def preview(session: Session) -> Preview:
    """Play one step; the session is of no further use.

    Counted are the weights with their gradients, running means and average; what a step keeps from its forward passes
    for the backward ones; and the pictures, where they are held in memory.
    """
    trainer = session.trainer
    activations: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        activations[storage.data_ptr()] = max(activations.get(storage.data_ptr(), 0), storage.nbytes())
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        next(trainer.run(session.stream))
    own = {tensor.untyped_storage().data_ptr() for tensor in trainer.game.state_dict().values()}
    adam = [
        tensor for state in trainer.state()["optimizers"].values() for column in state.values() for tensor in column
    ]
    gradients = [p.grad for p in trainer.game.parameters() if p.grad is not None]
    memory = {
        "weights": _bytes(list(trainer.game.players.state_dict().values())),
        "gradients": _bytes(gradients),
        "optimisers": _bytes(adam),
        "average": _bytes(list(trainer.averages.state_dict().values())),
        f"activations of a batch of {session.recipe.batch_size}": sum(
            size for pointer, size in activations.items() if pointer not in own
        ),
    }
    memory["a step in all"] = sum(memory.values())
    memory["pictures"] = 0 if session.dataset.stored is None else _bytes([session.dataset.stored])
    return Preview(
        {name: sum(p.numel() for p in player.parameters()) for name, player in trainer.game.players.items()}, memory
    )


def _bytes(tensors: list[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
