r"""Plain steps of `wgan-gp` and `relativistic`, as one writes them down from the papers, to compare with.

What is plain about them: torch's own layers in torch's own order of pixels, a `torch.optim.Adam` each, no average; real
pictures and fakes are judged in passes of their own; every move draws its own fakes; every penalty is a
`torch.autograd.grad` of its own; nobody is frozen, so the generator's move also computes a gradient of the other's
weights, which is thrown away. Networks, weights, losses, batch and number of moves are those of the game.

Where people would differ, the faster way is taken: fakes are detached in the discriminator's move, and the logits of
real pictures in the generator's; the shortcuts of the residual generator convolve before they enlarge, as ours do,
which is a quarter of the work of the other way round.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from benchmarks.plain import Players, Step, adam
from sparring.config import Recipe
from sparring.data.batches import Images


def slope(logits: Tensor, pictures: Tensor) -> Tensor:
    r"""$\nabla_x D(x)$, [N, ...], which can be differentiated once more.

    >>> x = torch.ones(2, 3, requires_grad=True)
    >>> slope((x * torch.tensor([1.0, 2.0, 2.0])).sum(1), x).norm(dim=1).tolist()
    [3.0, 3.0]
    """
    gradient: Tensor = torch.autograd.grad(logits.sum(), pictures, create_graph=True)[0]
    return gradient


def critic_loss(critic: nn.Module, real: Tensor, fake: Tensor, share: Tensor, penalty: float) -> Tensor:
    """Equation 3 of Gulrajani et al., arXiv:1704.00028.

    Args:
        critic: judges.
        real: [N, C, H, W].
        fake: as many, detached.
        share: [N, 1, 1, 1] in [0, 1), where between real and fake the slope is looked at.
        penalty: the paper's lambda.
    """
    between = (share * real + (1 - share) * fake).requires_grad_()
    steepness = slope(critic(between), between).flatten(1).norm(dim=1)
    loss: Tensor = critic(fake).mean() - critic(real).mean() + penalty * (steepness - 1).square().mean()
    return loss


def pairs_loss(discriminator: nn.Module, real: Tensor, fake: Tensor, gamma: float) -> Tensor:
    """The discriminator's side of Huang et al., arXiv:2501.05441, section 2, with both of its penalties.

    Args:
        discriminator: judges.
        real: [N, C, H, W].
        fake: as many, detached.
        gamma: the weight of both penalties.
    """
    real, fake = real.detach().requires_grad_(), fake.requires_grad_()
    real_logits, fake_logits = discriminator(real), discriminator(fake)
    r1 = slope(real_logits, real).square().sum((1, 2, 3)).mean()
    r2 = slope(fake_logits, fake).square().sum((1, 2, 3)).mean()
    return softplus(fake_logits - real_logits).mean() + gamma / 2 * r1 + gamma / 2 * r2


def fooling_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The generator's side of it.

    Args:
        discriminator: judges.
        real: [N, C, H, W].
        fake: as many, with the generator's graph.
    """
    return softplus(discriminator(real).detach() - discriminator(fake)).mean()


def wgan_gp(players: Players, recipe: Recipe) -> Step:
    """So many turns of the critic, each on a batch of its own, then one of the generator."""
    generator, critic = players["generator"], players["discriminator"]
    of_generator, of_critic = adam(recipe, generator), adam(recipe, critic)

    def play(batches: Iterator[Images]) -> int:
        shown = 0
        for _ in range(recipe.game["critic_steps"]):
            real = next(batches).pictures
            share = torch.rand(len(real), 1, 1, 1, device=real.device)
            loss = critic_loss(critic, real, _fakes(generator, real, recipe).detach(), share, recipe.game["penalty"])
            _move(of_critic, loss)
            shown += len(real)
        _move(of_generator, -critic(_fakes(generator, real, recipe)).mean())
        return shown

    return play


def relativistic(players: Players, recipe: Recipe) -> Step:
    """A turn of the discriminator, then of the generator, on the same real pictures."""
    generator, discriminator = players["generator"], players["discriminator"]
    of_generator, of_discriminator = adam(recipe, generator), adam(recipe, discriminator)

    def play(batches: Iterator[Images]) -> int:
        real = next(batches).pictures
        _move(
            of_discriminator,
            pairs_loss(discriminator, real, _fakes(generator, real, recipe).detach(), recipe.game["gamma"]),
        )
        _move(of_generator, fooling_loss(discriminator, real, _fakes(generator, real, recipe)))
        return len(real)

    return play


def _fakes(generator: nn.Module, real: Tensor, recipe: Recipe) -> Tensor:
    """As many as there are real ones."""
    made: Tensor = generator(torch.randn(len(real), recipe.game["latent"], device=real.device))
    return made


def _move(optimizer: torch.optim.Adam, loss: Tensor) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()
