"""CartoonGAN: its losses computed again by hand, its warm-up, and the network that it compares content by."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images, Unpaired
from sparring.data.spec import Spec
from sparring.games.base import Game
from sparring.games.cartoongan import CartoonGAN
from sparring.metrics.features import Random
from sparring.nn.edges import smooth_edges
from sparring.runs.perception import perception_of
from sparring.training.loop import Trainer

SPEC = Spec(channels=3, height=16, width=16, inputs=Spec(channels=1, height=16, width=16))
BATCH = 4


def build(**options: object) -> Game:
    torch.manual_seed(0)
    table, errors = games.check({"name": "cartoongan", "width": 4, **options})
    assert not errors
    return games.build(table, SPEC, perception_of(Random(1)))


class Blocks:
    """Photos and cartoons of flat blocks, which have edges; the photos are grey."""

    def batch(self, k: int) -> Unpaired:
        generator = torch.Generator().manual_seed(k)
        blocks = torch.rand(BATCH, 4, 2, 2, generator=generator) * 2 - 1
        pictures = blocks.repeat_interleave(8, 2).repeat_interleave(8, 3)
        return Unpaired(pictures[:, :3], pictures[:, 3:])

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield self.batch(k)
            k += 1


def trainer(lr: float = 2e-4, **options: object) -> Trainer:
    return Trainer(build(**options), Optimizer(lr=lr), Schedule(), Average(half_life=20), 0, torch.device("cpu"))


def play(of: Trainer, images: int) -> None:
    for _ in of.run(Blocks(), images):
        pass


def terms_of(game: Game, prepared: object, at: int) -> dict[str, float]:
    return {name: float(term.detach()) for name, term in game.moves()[at].loss(prepared).items()}


@pytest.mark.parametrize("objective", ["non-saturating", "least-squares"])
def test_the_terms(objective: str) -> None:
    game = build(objective=objective, content_weight=7, smoothing=1.2)
    g, d = game.players["generator"], game.players["discriminator"]
    batch = Blocks().batch(3)

    def miss(logits: Tensor, target: int) -> float:
        if objective == "least-squares":
            return float((logits - target).square().mean())
        return -float((logits if target else -logits).sigmoid().log().mean())

    with torch.no_grad():
        fake, soft = g(batch.inputs), smooth_edges(batch.pictures, 1.2)
        assert not torch.equal(soft, batch.pictures)
        of_discriminator = {
            "real": miss(d(batch.pictures), 1),
            "smoothed": miss(d(soft), 0),
            "fake": miss(d(fake), 0),
        }
        maps = [Random(1)(pictures).maps[Random.content] for pictures in (batch.inputs, fake.mean(1, keepdim=True))]
        content = 7 * float((maps[0] - maps[1]).abs().mean())
        of_generator = {"adversarial": miss(d(fake), 1), "content": content}
    assert terms_of(game, game.prepare(batch), 0) == pytest.approx(of_discriminator, rel=1e-4)
    assert terms_of(game, game.prepare(batch), 1) == pytest.approx(of_generator, rel=1e-4)


def test_the_warm_up_teaches_the_generator_content_alone() -> None:
    of = trainer(warmup=10)
    before = {name: value.clone() for name, value in of.game.state_dict().items()}
    play(of, 3 * BATCH)  # 12 images: the third step began with 8, which is not enough
    changed = {name for name, value in of.game.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {
        "shown",
        *(f"players.generator.{key}" for key, _ in of.game.players["generator"].named_parameters()),
    }
    state = of.state()["optimizers"]
    assert float(state["generator"]["step"][0]) == 3 and float(state["discriminator"]["step"][0]) == 0
    losses = of.losses()
    assert losses.keys() == {"generator.adversarial", "generator.content"}
    assert losses["generator.adversarial"] == 0 < losses["generator.content"]
    assert of.game.reading(losses).startswith("warming up: content ")
    play(of, 4 * BATCH)
    losses = of.losses()
    assert losses.keys() == set(of.game.legend)
    assert losses["generator.adversarial"] > 0
    assert float(of.state()["optimizers"]["discriminator"]["step"][0]) == 1


def test_without_an_adversary_the_first_step_is_that_of_the_content_alone() -> None:
    warm, cold = build(warmup=10**6), build(content_weight=1)
    batch = Blocks().batch(0)
    terms = warm.moves()[1].loss(warm.prepare(batch))
    assert float(terms["adversarial"]) == 0 and not terms["adversarial"].requires_grad
    torch.autograd.backward(torch.stack(list(terms.values())).sum())
    assert all(p.grad is None for p in warm.players["discriminator"].parameters())
    content = cold.moves()[1].loss(cold.prepare(batch))["content"]
    torch.autograd.backward(content)
    pairs = zip(warm.players["generator"].parameters(), cold.players["generator"].parameters(), strict=True)
    for one, other in pairs:
        assert one.grad is not None and other.grad is not None
        torch.testing.assert_close(one.grad, 10 * other.grad, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_run_stopped_in_or_after_the_warm_up_goes_on_to_the_same_weights(at: int) -> None:
    whole, first, second = (trainer(warmup=10) for _ in range(3))
    play(whole, 6 * BATCH)
    play(first, at * BATCH)
    second.restore(first.game.state_dict(), first.averages.players.state_dict(), first.state())
    play(second, 6 * BATCH)
    for name, value in whole.game.state_dict().items():
        assert torch.equal(value, second.game.state_dict()[name]), name


def test_the_network_that_tells_content_is_no_part_of_the_game() -> None:
    extractor = Random(1)
    before = extractor.state_dict()["layers.0.weight"].clone()
    torch.manual_seed(0)
    game = CartoonGAN(SPEC, perception_of(extractor), width=4)
    bare = CartoonGAN(SPEC, width=4)
    assert game.state_dict().keys() == bare.state_dict().keys()
    of = Trainer(game, Optimizer(lr=0.1), Schedule(), Average(half_life=20), 0, torch.device("cpu"))
    play(of, 3 * BATCH)
    assert torch.equal(extractor.state_dict()["layers.0.weight"], before)
    assert not extractor.training and all(p.grad is None for p in extractor.parameters())
    with pytest.raises(TypeError, match=r"without the network that it compares content by \(own\)"):
        bare.moves()[1].loss(bare.prepare(Blocks().batch(0)))


def test_content_falls_while_it_is_all_that_is_learnt() -> None:
    of = trainer(lr=2e-3, warmup=10**6, norm="none")
    play(of, 10 * BATCH)
    first = of.losses()["generator.content"]
    play(of, 200 * BATCH)
    of.losses()
    play(of, 210 * BATCH)
    assert of.losses()["generator.content"] < 0.7 * first
