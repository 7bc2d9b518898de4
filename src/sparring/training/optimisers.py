"""One optimiser for each set of players that moves together, and who may move at the moment."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from sparring.config import Optimizer

Team = frozenset[str]


class Optimiser(ABC):
    """Moves parameters against their gradients, and remembers running means of these.

    Args:
        parameters: what to train; each must have a gradient at every step.
        lr: learning rate; may be set between steps.
    """

    EPSILON = 1e-8

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float) -> None:
        self.parameters = list(parameters)
        self._lr = lr
        self._held: Tensor | None = None

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._lr = value
        if self._held is not None:
            self._held.fill_(value)

    def hold(self) -> None:
        """Keep the learning rate on the device, where a step that was recorded finds what it is set to later."""
        device = self.parameters[0].device
        # the kernel for processors reads all digits, the one for GPUs only so many
        self._held = torch.tensor(self._lr, device=device, dtype=torch.float64 if device.type == "cpu" else None)

    @property
    def rate(self) -> float | Tensor:
        """The learning rate as `step` needs it."""
        return self._lr if self._held is None else self._held

    def take(self, gradients: Iterable[Tensor]) -> None:
        """Have these gradients, which were computed elsewhere."""
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient

    def clear(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    def gradients(self) -> list[Tensor]:
        """The gradient of every parameter."""
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]

    @abstractmethod
    def step(self) -> None:
        """Move every parameter against its gradient."""

    @abstractmethod
    def stride(self) -> list[Tensor]:
        """By how much the last step moved every parameter, but for its sign."""

    def vitals(self) -> dict[str, float]:
        """How the parameters moved in the last step.

        Returns:
            `weights` and `gradient`, their root mean squares, and `update`, the length of the step beside that of the
            weights; before the first step `weights` alone.
        """
        root = sum(parameter.numel() for parameter in self.parameters) ** 0.5
        weights = _norm([parameter.detach() for parameter in self.parameters])
        found = {"weights": float(weights) / root}
        if gradients := self.gradients():
            found["gradient"] = float(_norm(gradients)) / root
            found["update"] = float(_norm(self.stride()) / weights)
        return found

    @abstractmethod
    def state(self) -> dict[str, list[Tensor]]:
        """What it remembers, by name, in the order of the parameters."""

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


class Adam(Optimiser):
    r"""A step of the running mean of the gradients over the root of the running mean of their squares.

    $\theta \leftarrow \theta - \eta \, \hat m / (\sqrt{\hat v} + \epsilon)$ (Kingma and Ba, arXiv:1412.6980, algorithm
    1). The arithmetic is torch's own kernel; `torch.optim.Adam` around it would first import the compiler, which takes
    longer than the first fifty steps of a small game, and count the steps of every parameter by itself.

    Args:
        parameters: what to train.
        lr: learning rate.
        betas: decay of the two running means.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float]) -> None:
        super().__init__(parameters, lr)
        self._betas = betas
        self._means = [torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters]
        self._squares = [torch.zeros_like(mean) for mean in self._means]
        self._step = torch.zeros((), device=self._means[0].device)

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter."""
        self._step += 1
        torch._fused_adam_(
            list[Tensor](self.parameters),
            self.gradients(),
            self._means,
            self._squares,
            [],
            [self._step] * len(self.parameters),
            lr=self.rate,
            beta1=self._betas[0],
            beta2=self._betas[1],
            weight_decay=0.0,
            eps=self.EPSILON,
            amsgrad=False,
            maximize=False,
        )

    @torch.no_grad()
    def stride(self) -> list[Tensor]:
        """The running mean over the root of that of the squares, both corrected for starting at zero."""
        slow, fast = (1 - beta ** float(self._step) for beta in self._betas)
        roots = torch._foreach_sqrt(torch._foreach_div(self._squares, fast))
        torch._foreach_add_(roots, self.EPSILON)
        return list(torch._foreach_div(torch._foreach_mul(self._means, self.lr / slow), roots))

    def state(self) -> dict[str, list[Tensor]]:
        """The running means and the number of steps."""
        return {"means": self._means, "squares": self._squares, "step": [self._step]}


class RMSProp(Optimiser):
    r"""A step of the gradient over the root of the running mean of its square.

    $\theta \leftarrow \theta - \eta \, g / (\sqrt v + \epsilon)$, $v \leftarrow \alpha v + (1 - \alpha) g^2$
    (Tieleman and Hinton, "Lecture 6.5", 2012). No momentum, which is why the WGAN paper prefers it to Adam: its critic
    changes while it is trained (arXiv:1701.07875, section 4).

    Args:
        parameters: what to train.
        lr: learning rate.
        decay: of the running mean, alpha.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float, decay: float) -> None:
        super().__init__(parameters, lr)
        self._decay = decay
        self._squares = [torch.zeros_like(parameter, requires_grad=False) for parameter in self.parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter."""
        gradients = self.gradients()
        torch._foreach_mul_(self._squares, self._decay)
        torch._foreach_addcmul_(self._squares, gradients, gradients, 1 - self._decay)
        torch._foreach_sub_(list[Tensor](self.parameters), self.stride())

    @torch.no_grad()
    def stride(self) -> list[Tensor]:
        """The gradient over the root of the running mean of its square."""
        roots = torch._foreach_sqrt(self._squares)
        torch._foreach_add_(roots, self.EPSILON)
        return list(torch._foreach_div(torch._foreach_mul(self.gradients(), self.rate), roots))

    def state(self) -> dict[str, list[Tensor]]:
        """The running means."""
        return {"squares": self._squares}


def optimisers(
    players: Mapping[str, nn.Module], teams: Iterable[tuple[str, ...]], settings: Optimizer
) -> dict[Team, Optimiser]:
    """An optimiser for every different team; two moves that train the same players share its running means.

    Args:
        players: the networks, by name.
        teams: for each move the players that it trains.
        settings: of every optimiser.

    Raises:
        KeyError: a team names a player that does not exist.
    """

    def make(team: Team) -> Optimiser:
        parameters = [parameter for name in sorted(team) for parameter in players[name].parameters()]
        if settings.kind == "rmsprop":
            return RMSProp(parameters, settings.lr, settings.betas[1])
        return Adam(parameters, settings.lr, settings.betas)

    return {team: make(team) for team in dict.fromkeys(map(frozenset, teams))}


def _norm(tensors: list[Tensor]) -> Tensor:
    """Of all their numbers together."""
    norm: Tensor = torch.stack(torch._foreach_norm(tensors)).norm()
    return norm


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
