r"""A frozen generator, and a discriminator that is trained on against it: what is left of the generator's gradient.

The minimax generator descends $\log(1 - D(G(z)))$, whose derivative by the logit is $-\sigma(l)$: the surer the
discriminator is of a fake, the less it teaches. Arjovsky and Bottou, arXiv:1701.04862, bound the norm of the
generator's gradient by how near the discriminator is to a perfect one (theorem 2.4) and measure it (figure 2); here
the same is measured for $-\log D(G(z))$ and for the critic of the Wasserstein GAN with gradient penalty
(arXiv:1704.00028) as well. Networks and losses are those of the games `gan` and `wgan-gp`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sparring.config import Average, Data, Optimizer, Schedule
from sparring.data import Dataset, Images, Spec, Stream, open_dataset
from sparring.games.gan import GAN
from sparring.games.noise_to_image import NoiseToImage, Round
from sparring.games.wgan_gp import WGANGP
from sparring.lab.page import Drawing, Study, Table, change, drawing, number
from sparring.objectives.adversarial import OBJECTIVES
from sparring.seeds import mix
from sparring.training.loop import Trainer
from sparring.training.optimisers import Adam

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ABOUT = "a frozen generator, a discriminator trained on: which losses still have a gradient"
STEPS, WARM, BATCH = 4000, 300, 64
"""Steps of the discriminator; of both players before; pictures in a batch."""
RATE = 1e-3
EVERY, WATCHED = 25, 256
"""Steps between two readings, but each of the first so many; pictures that are looked at for one."""
ACCURATE = 0.99


@dataclass(frozen=True)
class Reading:
    """What the generator would be told after some steps of the discriminator.

    Attributes:
        step: of the discriminator and of the critic.
        saturating: norm of the generator's gradient under log(1 - D(G(z))).
        non_saturating: under -log D(G(z)).
        wasserstein: under minus the critic's value.
        accuracy: share of real pictures and of fakes that the discriminator knows.
        belief: mean of D(G(z)).
    """

    step: int
    saturating: float
    non_saturating: float
    wasserstein: float
    accuracy: float
    belief: float


def measure(
    dataset: Dataset,
    *,
    seed: int = 0,
    steps: int = STEPS,
    warm: int = WARM,
    tell: Callable[[str], None] = lambda text: None,
) -> list[Reading]:
    """Train a generator briefly, freeze it, train a new discriminator and a new critic, and read its gradients.

    Args:
        dataset: the real pictures.
        seed: same seed, same readings, with the same number of threads.
        steps: of the discriminator and of the critic, at the frozen generator.
        warm: of the whole game before.
        tell: is told, in a line, how far the work is.
    """
    stream = Stream(dataset, min(BATCH, len(dataset)), seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(mix("vanishing gradient", seed))
        generator = _briefly_trained(dataset.spec, stream, warm, seed)
        gan, wgan = GAN(dataset.spec, real_label=1.0), WGANGP(dataset.spec, network="mlp")
        sides = [(gan, _adam(gan, (0.5, 0.999))), (wgan, _adam(wgan, (0.0, 0.9)))]
        shown = _round(gan, generator, stream, range(warm, warm + -(-WATCHED // stream.batch_size)))
        readings = []
        for step in range(steps + 1):
            if step < EVERY or step % EVERY == 0 or step == steps:
                readings.append(_reading(step, generator, gan, wgan, shown))
            if step % 500 == 0:
                tell(f"step {step:,} of {steps:,}")
            _move(sides, _round(gan, generator, stream, [warm + step]))
    return readings


def _briefly_trained(spec: Spec, stream: Stream, steps: int, seed: int) -> nn.Module:
    """A generator as it is early in the game, without dropout from now on."""
    game = GAN(spec)
    trainer = Trainer(game, Optimizer(lr=RATE), Schedule(), Average(), seed, torch.device("cpu"))
    for _ in trainer.run(stream, images=steps * stream.batch_size):
        pass
    generator: nn.Module = game.players["generator"]
    return generator.eval().requires_grad_(True)


def _adam(game: NoiseToImage, betas: tuple[float, float]) -> Adam:
    # dropout would hide small changes behind its own noise
    return Adam(game.players["discriminator"].eval().parameters(), RATE, betas)


def _round(game: NoiseToImage, generator: nn.Module, stream: Stream, numbers: "range | list[int]") -> Round:
    """Real pictures of some batches beside as many fakes, which carry no graph."""
    real = torch.cat([stream.batch(number).pictures for number in numbers])
    latents = game.latent.draw(len(real))
    with torch.no_grad():
        return Round(real, generator(latents), latents, Images(real))


def _move(sides: list[tuple[NoiseToImage, Adam]], round: Round) -> None:
    """A turn of each discriminator."""
    for game, optimiser in sides:
        optimiser.clear()
        torch.autograd.backward(torch.stack(list(game.discriminate(round).values())).sum())
        optimiser.step()


def _reading(step: int, generator: nn.Module, gan: NoiseToImage, wgan: NoiseToImage, shown: Round) -> Reading:
    fake = generator(shown.latents)
    (logits,), (values,) = gan.judge(fake), wgan.judge(fake)
    norm = partial(_norm, list(generator.parameters()))
    with torch.no_grad():
        right = torch.cat([gan.judge(shown.real)[0] > 0, logits <= 0])
    return Reading(
        step,
        saturating=norm(OBJECTIVES["minimax"].generate(logits).mean()),
        non_saturating=norm(OBJECTIVES["non-saturating"].generate(logits).mean()),
        wasserstein=norm(-values.mean()),
        accuracy=float(right.double().mean()),
        belief=float(torch.sigmoid(logits.detach().double()).mean()),
    )


def _norm(parameters: list[nn.Parameter], loss: Tensor) -> float:
    gradients = torch.autograd.grad(loss, parameters, retain_graph=True)
    # squares of what float32 can still hold would be 0 in float32
    return float(torch.stack([gradient.double().square().sum() for gradient in gradients]).sum().sqrt())


def study(data: str | None, seed: int, tell: Callable[[str], None]) -> Study:
    """The page.

    Raises:
        UsageError: there are no such pictures.
        SparringError: they are damaged.
    """
    dataset = open_dataset(Data(path=data or "digits"), tell)
    readings = measure(dataset, seed=seed, tell=tell)
    last = readings[-1]
    return Study(
        title="The vanishing gradient",
        question="The better the discriminator, the better should be its advice. What is left of the generator's "
        "gradient when the discriminator is trained on and the generator stands still?",
        setting=f"{dataset.title}, {len(dataset):,} pictures. The notes' multilayer perceptrons: {WARM} steps of the "
        "game gan, then the generator is frozen. A new discriminator, and a new critic with gradient penalty, are "
        f"trained {last.step:,} steps of {min(BATCH, len(dataset))} pictures with Adam at {RATE:g}, without dropout. "
        f"The gradient is that of the generator's weights, for the same latents each time, in float32. Seed {seed}.",
        findings=(_about_saturation(readings), _about_others(readings), _CAVEAT),
        drawings=_drawings(readings),
        tables=(_table(readings),),
        sources=(
            "Arjovsky and Bottou, “Towards Principled Methods for Training Generative Adversarial Networks”, "
            "arXiv:1701.04862: theorem 2.4 and figure 2 (the gradient vanishes), theorem 2.6 and figure 3 (the "
            "alternative does not, and is unstable)",
            "Goodfellow et al., “Generative Adversarial Networks”, arXiv:1406.2661: end of section 3 (saturation)",
            "Arjovsky, Chintala and Bottou, “Wasserstein GAN”, arXiv:1701.07875: section 3 and figure 2",
            "Gulrajani et al., “Improved Training of Wasserstein GANs”, arXiv:1704.00028: equation 3 (the penalty)",
        ),
        numbers=_numbers(readings),
    )


_CAVEAT = (
    "A long gradient is not yet a good one: where the discriminator is almost perfect, the direction of −log D is "
    "mostly made of its errors, and the updates scatter widely (theorem 2.6). And this is a discriminator that is "
    "trained on while nobody answers; in a game the generator moves after each of its steps."
)


def _about_saturation(readings: list[Reading]) -> str:
    first, last = readings[0], readings[-1]
    peak = max(readings, key=lambda reading: reading.saturating)
    sure = next((reading.step for reading in readings if reading.accuracy >= ACCURATE), None)
    known = f"It knows {ACCURATE:.0%} of the pictures after {sure:,} steps. " if sure is not None else ""
    return (
        f"At the start the discriminator has no opinion (D(G(z)) is {first.belief:.2f} on average) and both forms of "
        f"BCE give the generator about the same gradient: {number(first.saturating)} if it descends log(1 − D), "
        f"{number(first.non_saturating)} if −log D. {known}The saturating loss's gradient is longest at step "
        f"{peak.step:,} with {number(peak.saturating)}; after {last.step:,} steps it is {number(last.saturating)}: it "
        f"has {change(peak.saturating, last.saturating)}. It follows D(G(z)), its factor in every picture's gradient, "
        f"which is {number(last.belief)} on average by then. The accuracy shows nothing of this: it is "
        f"{last.accuracy:.1%} in the end."
    )


def _about_others(readings: list[Reading]) -> str:
    first, last = readings[0], readings[-1]
    later = [reading.wasserstein for reading in readings if reading.step >= last.step / 10]
    return (
        "Over the same steps the gradient of the non-saturating −log D has "
        f"{change(first.non_saturating, last.non_saturating)}, to {number(last.non_saturating)}: its factor is "
        f"1 − D(G(z)), by then {1 - last.belief:.4f} on average. The Wasserstein loss's is "
        f"{number(last.wasserstein)}, and over the last nine tenths of the steps it stays between "
        f"{number(min(later))} and {number(max(later))}: the critic's slope is held near 1, however well it knows the "
        "fakes."
    )


def _numbers(readings: list[Reading]) -> dict[str, float]:
    last = readings[-1]
    return {
        "steps": last.step,
        "saturating_peak": max(reading.saturating for reading in readings),
        "saturating": last.saturating,
        "non_saturating_start": readings[0].non_saturating,
        "non_saturating": last.non_saturating,
        "wasserstein": last.wasserstein,
        "accuracy": last.accuracy,
        "belief": last.belief,
    }


def _table(readings: list[Reading]) -> Table:
    wanted = {0, 10, 100, 1000, readings[-1].step}
    rows = tuple(
        (
            f"{one.step:,}",
            *(number(norm) for norm in (one.saturating, one.non_saturating, one.wasserstein)),
            number(one.belief),
            f"{one.accuracy:.1%}",
        )
        for one in readings
        if one.step in wanted
    )
    heads = ("step", "log(1 − D)", "−log D", "Wasserstein", "mean D(G(z))", "accuracy")
    return Table("Norm of the generator's gradient under three losses, and the discriminator", heads, rows)


def _drawings(readings: list[Reading]) -> tuple[Drawing, ...]:
    steps = [reading.step for reading in readings]

    def draw(figure: "Figure") -> None:
        norms, accuracy = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        norms.semilogy(steps, [reading.saturating for reading in readings], label="saturating, log(1 − D)")
        norms.semilogy(steps, [reading.non_saturating for reading in readings], label="non-saturating, −log D")
        norms.semilogy(steps, [reading.wasserstein for reading in readings], label="Wasserstein, gradient penalty")
        norms.set_ylabel("norm of the generator's gradient")
        norms.legend(frameon=False, loc="lower left")
        accuracy.plot(steps, [reading.accuracy for reading in readings], color="C7")
        accuracy.set(xlabel="steps of the discriminator", ylabel="its accuracy", ylim=(0.45, 1.03))
        accuracy.set_xscale("symlog", linthresh=10)  # the first ten steps are as eventful as all that follow
        accuracy.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        accuracy.set_xlim(0, steps[-1])

    caption = (
        "The gradient that the frozen generator would get, and the discriminator's accuracy. The axis of norms is "
        "logarithmic, and so is that of steps beyond 10."
    )
    return (drawing(draw, caption, 4.8),)
