"""One Adam for each set of players that moves together, and who may move at the moment."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

Team = frozenset[str]


class Adam:
    r"""Adam: a step of the running mean of the gradients over the root of the running mean of their squares.

    $\theta \leftarrow \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)$ (Kingma and Ba, arXiv:1412.6980, algorithm
    1). The arithmetic is torch's own kernel; `torch.optim.Adam` around it would first import the compiler, which takes
    longer than the first fifty steps of a small game, and count the steps of every parameter by itself.

    Args:
        parameters: what to train; each must have a gradient at every step.
        lr: learning rate; may be set between steps.
        betas: decay of the two running means.
    """

    EPSILON = 1e-8

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float]) -> None:
        self.parameters = list(parameters)
        self.lr = lr
        self._betas = betas
        self._means = [torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters]
        self._squares = [torch.zeros_like(mean) for mean in self._means]
        self._step = torch.zeros((), device=self._means[0].device)

    def clear(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter against its gradient."""
        self._step += 1
        torch._fused_adam_(
            list[Tensor](self.parameters),
            [parameter.grad for parameter in self.parameters if parameter.grad is not None],
            self._means,
            self._squares,
            [],
            [self._step] * len(self.parameters),
            lr=self.lr,
            beta1=self._betas[0],
            beta2=self._betas[1],
            weight_decay=0.0,
            eps=self.EPSILON,
            amsgrad=False,
            maximize=False,
        )

    def state(self) -> dict[str, list[Tensor]]:
        """The running means, in the order of the parameters, and the number of steps."""
        return {"means": self._means, "squares": self._squares, "step": [self._step]}

    def restore(self, state: Mapping[str, list[Tensor]]) -> None:
        """Take over a state.

        Raises:
            ValueError: it belongs to other parameters.
        """
        for name, own in self.state().items():
            for target, source in zip(own, state[name], strict=True):
                if target.shape != source.shape:
                    raise ValueError(f"optimiser state has shape {tuple(source.shape)}, not {tuple(target.shape)}")
                target.copy_(source)


def adams(
    players: Mapping[str, nn.Module], teams: Iterable[tuple[str, ...]], lr: float, betas: tuple[float, float]
) -> dict[Team, Adam]:
    """An Adam for every different team; two moves that train the same players share its running means.

    Args:
        players: the networks, by name.
        teams: for each move the players that it trains.
        lr: learning rate.
        betas: decay of the running mean of gradients and of their squares.

    Raises:
        KeyError: a team names a player that does not exist.
    """
    return {
        team: Adam([parameter for name in sorted(team) for parameter in players[name].parameters()], lr, betas)
        for team in dict.fromkeys(map(frozenset, teams))
    }


class Bench:
    """Keeps the players that do not move from collecting gradients, which would be computed for nothing."""

    def __init__(self, players: Mapping[str, nn.Module]) -> None:
        self._parameters = {name: list(player.parameters()) for name, player in players.items()}
        self._playing: dict[str, bool] = {}

    def only(self, team: Team) -> None:
        """Let exactly these players collect gradients."""
        for name, parameters in self._parameters.items():
            plays = name in team
            if self._playing.get(name) is not plays:
                self._playing[name] = plays
                for parameter in parameters:
                    parameter.requires_grad_(plays)
