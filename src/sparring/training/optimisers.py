"""One optimiser for each set of players that moves together, and who may move at the moment."""

from collections.abc import Iterable, Mapping

from torch import nn
from torch.optim import Adam

Players = frozenset[str]


def adams(
    players: Mapping[str, nn.Module], teams: Iterable[tuple[str, ...]], lr: float, betas: tuple[float, float]
) -> dict[Players, Adam]:
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
        team: Adam(
            [parameter for name in sorted(team) for parameter in players[name].parameters()],
            lr=lr,
            betas=betas,
            fused=True,
        )
        for team in dict.fromkeys(map(frozenset, teams))
    }


class Bench:
    """Keeps the players that do not move from collecting gradients, which would be computed for nothing."""

    def __init__(self, players: Mapping[str, nn.Module]) -> None:
        self._parameters = {name: list(player.parameters()) for name, player in players.items()}
        self._playing: dict[str, bool] = {}

    def only(self, team: Players) -> None:
        """Let exactly these players collect gradients."""
        for name, parameters in self._parameters.items():
            plays = name in team
            if self._playing.get(name) is not plays:
                self._playing[name] = plays
                for parameter in parameters:
                    parameter.requires_grad_(plays)
