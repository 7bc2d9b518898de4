"""A set so easy that its answer is known: 8 x 8 grey pictures that differ in brightness and a little noise."""

from collections.abc import Iterator

import torch
from torch import Tensor

from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Factored, Images
from sparring.data.spec import Factor, Spec
from sparring.games.base import Game
from sparring.inference import sample
from sparring.seeds import mix
from sparring.training.loop import Trainer

LEVELS = torch.tensor([-0.7, 0.0, 0.7])
NAMES = ("dark", "grey", "light")
SPEC = Spec(channels=1, height=8, width=8, classes=NAMES, factors=(Factor(name="brightness", values=NAMES),))


class Brightness:
    """Batch k of 64, with its factor."""

    def batch(self, k: int) -> Factored:
        generator = torch.Generator().manual_seed(mix("brightness", k))
        values = torch.randint(3, (64,), generator=generator)
        noise = 0.05 * torch.randn(64, 1, 8, 8, generator=generator)
        return Factored(LEVELS[values].view(-1, 1, 1, 1) + noise, values, values.unsqueeze(1))

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield self.batch(k)
            k += 1


def train(game: Game, images: int, lr: float = 2e-3) -> tuple[Trainer, dict[str, float], dict[str, float]]:
    """Play a game; with the mean losses of the first 640 images and those of the rest's last tenth."""
    trainer = Trainer(
        game, Optimizer(lr=lr, betas=(0.5, 0.99)), Schedule(), Average(half_life=500), 0, torch.device("cpu")
    )
    first: dict[str, float] = {}
    for now in trainer.run(Brightness(), images):
        if now.images == 640:
            first = trainer.losses()
        if now.images == images * 9 // 10 // 64 * 64:
            trainer.losses()
    return trainer, first, trainer.losses()


def drawn(trainer: Trainer, count: int = 256, values: dict[str, int] | None = None) -> Tensor:
    """The mean brightness in [-1, 1], [count], of pictures as they would be shipped."""
    product = trainer.game.product(dict(trainer.averages.players.items()))
    pictures = torch.from_numpy(sample.array(product, count, values=values))
    return pictures.double().mean((1, 2, 3)) / 127.5 - 1
