"""The losses of the games from picture to picture, computed again by hand; and that they learn what they should."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images, Labelled, Paired, Unpaired
from sparring.data.spec import Map, Spec
from sparring.errors import UsageError
from sparring.games.base import Game
from sparring.games.picture_to_picture import judged, one_sort, telling, translation
from sparring.nn.places import Projections, places_of
from sparring.nn.pool import HistoryPool
from sparring.objectives.contrast import patch_contrast
from sparring.training.loop import Trainer
from sparring.translators.residual import Translator

SPEC = Spec(channels=3, height=16, width=16, inputs=Spec(channels=1, height=16, width=16))
ALIKE = Spec(channels=1, height=16, width=16, inputs=Spec(channels=1, height=16, width=16))
THREE = Spec(channels=3, height=16, width=16, inputs=Spec(channels=3, height=16, width=16))


def build(name: str, spec: Spec = SPEC, **options: object) -> Game:
    torch.manual_seed(0)
    table, errors = games.check({"name": name, "width": 4, **options})
    assert not errors
    return games.build(table, spec)


def paired(seed: int = 1, spec: Spec = SPEC, count: int = 4) -> Paired:
    assert spec.inputs is not None
    torch.manual_seed(seed)
    return Paired(torch.rand(count, *spec.shape) * 2 - 1, torch.rand(count, *spec.inputs.shape) * 2 - 1)


def terms_of(game: Game, prepared: object, move: str) -> dict[str, float]:
    (found,) = [one for one in game.moves() if one.name == move]
    return {name: float(term.detach()) for name, term in found.loss(prepared).items()}


def cross_entropy(logits: Tensor, target: float) -> float:
    return float(binary_cross_entropy_with_logits(logits, torch.full_like(logits, target)).detach())


def squares(logits: Tensor, target: float) -> float:
    return float((logits - target).square().mean().detach())


def test_another_source_takes_another_pair() -> None:
    game, batch = build("pix2pix", diet="four"), paired(count=1)
    with pytest.raises(UsageError, match="batch_size to 2 or more"):
        terms_of(game, game.prepare(batch), "discriminator")


@pytest.mark.parametrize("diet", ["two", "four"])
@pytest.mark.parametrize("objective", ["non-saturating", "least-squares"])
def test_the_terms_of_pix2pix(diet: str, objective: str) -> None:
    game = build("pix2pix", dropout=0, diet=diet, objective=objective, pixel_weight=10)
    miss = cross_entropy if objective == "non-saturating" else squares
    batch = paired()
    x, y = batch.inputs, batch.pictures
    fake = game.players["generator"](x)

    def says(inputs: Tensor, pictures: Tensor) -> Tensor:
        logits: Tensor = game.players["discriminator"](torch.cat([inputs, pictures], 1))
        return logits

    prepared = game.prepare(batch)
    others = x[[3, 0, 1, 2]]
    wrong = [miss(says(x, fake), 0)]
    if diet == "four":
        wrong += [miss(says(others, y), 0), miss(says(others, fake), 0)]
    expected = {"real": miss(says(x, y), 1) / 2, "fake": sum(wrong) / len(wrong) / 2}
    assert terms_of(game, prepared, "discriminator") == pytest.approx(expected, rel=1e-4)
    expected = {
        "adversarial": miss(says(x, fake), 1),
        "pixels": 10 * float((y - fake).abs().mean().detach()),
    }
    assert terms_of(game, prepared, "generator") == pytest.approx(expected, rel=1e-4)


def test_the_surprise_of_supervised_at_the_true_class() -> None:
    maps = Spec(channels=3, height=16, width=16, map=Map(values=(0, 7, 255)), inputs=SPEC.inputs)
    game, source = build("supervised", maps, loss="cross-entropy"), paired().inputs
    true = torch.randint(0, 3, (4, 16, 16))
    prepared = game.prepare(Paired(nn.functional.one_hot(true).permute(0, 3, 1, 2) * 2.0 - 1, source))
    odds = (5 * game.players["generator"](source).detach()).exp()
    share = odds.gather(1, true[:, None])[:, 0] / odds.sum(1)
    assert terms_of(game, prepared, "generator") == pytest.approx({"pixels": float(-share.log().mean())}, rel=1e-4)
    assert game.reading({"generator.pixels": 0.6931472}) == "the true class of a pixel is given 50.0%"
    with pytest.raises(UsageError, match=r"data\.maps=pictures"):
        build("supervised", SPEC, loss="cross-entropy")


def test_the_terms_of_cyclegan() -> None:
    game = build("cyclegan", ALIKE, cycle_weight=7, identity_weight=3, pool=0)
    g, f, d, e = (game.players[name] for name in ("generator", "inverse", "discriminator", "inverse-discriminator"))
    both = paired(spec=ALIKE)
    x, y = both.inputs, both.pictures
    prepared = game.prepare(Unpaired(y, x))

    def apart(one: Tensor, other: Tensor) -> float:
        return float((one - other).abs().mean().detach())

    def miss(logits: Tensor, target: float) -> float:
        return float(((logits - target) ** 2).mean().detach()) / 2

    expected = {
        "adversarial": 2 * miss(d(g(x)), 1),
        "inverse-adversarial": 2 * miss(e(f(y)), 1),
        "cycle": 7 * (apart(f(g(x)), x) + apart(g(f(y)), y)),
        "identity": 3 * (apart(g(y), y) + apart(f(x), x)),
    }
    assert terms_of(game, prepared, "translators") == pytest.approx(expected, rel=1e-4)
    expected = {
        "real": miss(d(y), 1),
        "fake": miss(d(g(x)), 0),
        "inverse-real": miss(e(x), 1),
        "inverse-fake": miss(e(f(y)), 0),
    }
    assert terms_of(game, prepared, "discriminators") == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["cyclegan", "contrastive"])
def test_maps_and_photographs_of_as_many_channels_have_no_identity(name: str) -> None:
    three = Map(values=(0, 1, 2))
    spec = THREE.model_copy(update={"inputs": THREE.model_copy(update={"map": three})})
    assert one_sort(THREE) and not one_sort(spec)
    assert not build(name, spec, identity_weight=3)._identity_weight


def test_domains_of_other_channels_have_no_identity() -> None:
    assert "identity" not in terms_of(
        build("cyclegan"), build("cyclegan").prepare(Unpaired(*vars(paired()).values())), "translators"
    )


def test_the_discriminator_of_pairs_can_be_asked_of_each_patch() -> None:
    game, batch = build("pix2pix"), paired()
    logits = game.players["discriminator"](torch.cat([batch.inputs, batch.pictures], 1))
    realness = game.realness(batch)
    assert realness is not None
    torch.testing.assert_close(realness, logits.mean((1, 2, 3)))


def test_batches_are_joined_only_where_no_layer_mixes_them() -> None:
    one, other = torch.randn(2, 3, 4, 4), torch.randn(3, 3, 4, 4) + 5
    calls: list[int] = []
    for network in (nn.Identity(), nn.BatchNorm2d(3)):
        calls.clear()
        handle = network.register_forward_pre_hook(lambda _, given: calls.append(len(given[0])))
        first, second = judged(network, one, other)
        handle.remove()
        assert calls == ([5] if isinstance(network, nn.Identity) else [2, 3])
        torch.testing.assert_close(first, network(one))
        torch.testing.assert_close(second, network(other))


class Negatives:
    """What should come out is the negative of what goes in: four blocks of one brightness each."""

    def batch(self, k: int) -> Images:
        generator = torch.Generator().manual_seed(k)
        blocks = torch.rand(8, 1, 2, 2, generator=generator) * 2 - 1
        inputs = nn.functional.interpolate(blocks, scale_factor=8)
        return Paired(-inputs, inputs)

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield self.batch(k)
            k += 1


@pytest.mark.parametrize(
    ("name", "steps", "lr"), [("pix2pix", 250, 2e-3), ("pix2pix-hd", 400, 1e-3), ("supervised", 250, 2e-3)]
)
def test_pairs_teach_the_negative(name: str, steps: int, lr: float) -> None:
    game = build(name, ALIKE, norm="none", dropout=0)
    trainer = Trainer(game, Optimizer(lr=lr), Schedule(), Average(half_life=200), 0, torch.device("cpu"))
    for _ in trainer.run(Negatives(), 8 * steps):
        pass
    shipped = translation(trainer.game.product(dict(trainer.averages.players.items())))
    batch = Negatives().batch(10_000)
    with torch.no_grad():
        off = (shipped.generator(shipped.given(batch, 0)) - batch.pictures).abs().mean()
    assert float(off) < 0.1


def test_the_pool_shows_half_of_what_it_remembers_and_remembers_in_the_checkpoint() -> None:
    torch.manual_seed(0)
    pool = HistoryPool(50, (1, 1, 1))
    shown = [int(pool(torch.full((1, 1, 1, 1), float(number)))) for number in range(600)]
    assert shown[:50] == list(range(50))
    old = [number - value for number, value in enumerate(shown[50:], 50) if value != number]
    assert 0.4 < len(old) / 550 < 0.6
    assert all(age > 0 for age in old)
    assert len(set(shown)) > 400  # each is shown once, or twice at most
    assert max(shown.count(value) for value in set(shown)) <= 2
    state = pool.state_dict()
    assert int(state["count"]) == 50 and state["kept"].shape == (50, 1, 1, 1)


def test_a_set_of_one_side_cannot_be_translated() -> None:
    with pytest.raises(UsageError, match=r"game 'pix2pix' translates, and this set has one sort of pictures"):
        build("pix2pix", Spec(channels=3, height=16, width=16))


@pytest.mark.parametrize("weight", [0.0, 2.0])
def test_the_terms_of_contrastive(weight: float) -> None:
    game = build("contrastive", ALIKE, contrast_weight=3, identity_weight=weight, places=7)
    generator, heads, d = (game.players[name] for name in ("generator", "heads", "discriminator"))
    assert isinstance(generator, Translator)
    both = paired(spec=ALIKE)
    x, y = both.inputs, both.pictures

    assert isinstance(heads, Projections)

    @torch.no_grad()
    def contrast(source: Tensor, drawn: Tensor, rows: list[Tensor]) -> float:
        losses = []
        stages = zip(heads.heads, generator.stages(source), generator.stages(drawn), rows, strict=True)
        for head, key_stage, query_stage, at in stages:
            for key_map, query_map in zip(key_stage, query_stage, strict=True):
                key, query = (
                    nn.functional.normalize(head(one.flatten(1)[:, at].T), dim=1) for one in (key_map, query_map)
                )
                scores = query @ key.T / 0.07
                losses.append([float(scores[p].logsumexp(0) - scores[p, p]) for p in range(len(at))])
        by_stage = [sum(map(sum, losses[at : at + 4])) / (4 * len(losses[at])) for at in range(0, len(losses), 4)]
        return sum(by_stage) / len(by_stage)

    prepared = game.prepare(Unpaired(y, x))
    torch.manual_seed(5)
    found = terms_of(game, prepared, "generator")
    torch.manual_seed(5)
    stages = generator.stages(x)
    expected = {
        "adversarial": float(((d(generator(x)) - 1) ** 2).mean().detach()),
        "contrast": 3 * contrast(x, generator(x), places_of(stages, 7)),
    }
    if weight:
        expected["identity"] = weight * contrast(y, generator(y), places_of(stages, 7))
    assert found == pytest.approx(expected, rel=1e-3)
    assert [stage.shape[1] for stage in stages] == generator.compared_channels
    assert [stage.shape[2] for stage in stages] == [16, 8, 4, 4, 4]


def test_a_translation_that_says_where_it_comes_from_has_the_lower_contrast() -> None:
    vectors = torch.randn(2, 50, 16)
    at_home = patch_contrast(vectors + 0.1 * torch.randn_like(vectors), vectors)
    elsewhere = patch_contrast(vectors.roll(1, 1), vectors)
    assert float(at_home.mean()) < 0.1 < 5 < float(elsewhere.mean())
    assert float(patch_contrast(torch.ones(1, 50, 4), torch.ones(1, 50, 4))[0, 0]) == pytest.approx(3.912, abs=1e-3)
    keys = vectors.clone().requires_grad_()
    queries = vectors.clone().requires_grad_()
    torch.autograd.backward(patch_contrast(queries, keys).sum())
    assert keys.grad is None and queries.grad is not None


DOMAINS = Spec(channels=1, height=16, width=16, classes=("a", "b", "c"))


def test_the_terms_of_stargan() -> None:
    game = build("stargan", DOMAINS, domain_weight=2, cycle_weight=5, penalty=0)
    g, d = game.players["generator"], game.players["discriminator"]
    torch.manual_seed(1)
    x, own = torch.rand(6, 1, 16, 16) * 2 - 1, torch.tensor([0, 1, 2, 0, 1, 2])
    prepared = game.prepare(Labelled(x, own))
    wanted = prepared.wanted
    assert sorted(wanted.tolist()) == sorted(own.tolist()) and not torch.equal(wanted, own)

    def told(pictures: Tensor, domains: Tensor) -> Tensor:
        planes = torch.zeros(6, 3, 16, 16)
        planes[torch.arange(6), domains] = 1
        translated: Tensor = g(torch.cat([pictures, planes], 1))
        return translated

    with torch.no_grad():
        fake = told(x, wanted)
        (real_values, real_scores), (fake_values, fake_scores) = d(x), d(fake)
        nothing = nn.functional.nll_loss
        expected = {
            "distance": float(fake_values.mean() - real_values.mean()),
            "penalty": 0.0,
            "domain": 2 * float(nothing(real_scores.log_softmax(1), own)),
        }
        back = float((told(fake, own) - x).abs().mean())
        of_generator = {
            "adversarial": -float(fake_values.mean()),
            "domain": 2 * float(nothing(fake_scores.log_softmax(1), wanted)),
            "cycle": 5 * back,
        }
    assert terms_of(game, prepared, "discriminator") == pytest.approx(expected, rel=1e-4, abs=1e-6)
    assert terms_of(game, prepared, "generator") == pytest.approx(of_generator, rel=1e-4, abs=1e-6)


def test_a_domain_must_be_named_where_there_are_some() -> None:
    shipped = translation(build("stargan", DOMAINS).product(dict(build("stargan", DOMAINS).players.items())))
    pictures = torch.zeros(2, 1, 16, 16)
    assert shipped.prepared(pictures, "c")[:, 1:, 0, 0].tolist() == [[0, 0, 1]] * 2
    with pytest.raises(UsageError, match="--to DOMAIN: a, b, c"):
        shipped.prepared(pictures, None)
    with pytest.raises(UsageError, match="unknown domain 'd'"):
        shipped.prepared(pictures, "d")
    pair = translation(build("pix2pix").product(dict(build("pix2pix").players.items())))
    with pytest.raises(UsageError, match="one sort of pictures only"):
        pair.prepared(pictures, "a")
    given = shipped.given(Labelled(pictures, torch.tensor([0, 2])), 0)
    assert given[:, 1:, 0, 0].tolist() == [[0, 1, 0], [1, 0, 0]]  # the domain after its own


def test_what_is_told_changes_what_comes_out() -> None:
    """Constant channels would be gone behind the first instance norm."""
    star, many = build("stargan", DOMAINS), build("augmented-cyclegan", latent=2)
    one = torch.rand(1, 1, 16, 16) * 2 - 1
    for game, told in ((star, torch.eye(3)[:2]), (many, torch.eye(2))):
        with torch.no_grad():
            first, second = (game.players["generator"](telling(one, row[None])) for row in told)
        assert float((first - second).abs().mean()) > 0.01


def test_the_terms_of_augmented_cyclegan() -> None:
    game = build("augmented-cyclegan", latent=5, cycle_weight=7, latent_weight=3)
    g_ab, g_ba, e_b, e_a, d_b, d_a, d_zb, d_za = (
        game.players[name]
        for name in (
            *("generator", "inverse-generator", "encoder", "inverse-encoder"),
            *("discriminator", "inverse-discriminator", "latent-discriminator", "inverse-latent-discriminator"),
        )
    )
    both = paired()
    a, b = both.inputs, both.pictures
    torch.manual_seed(3)
    prepared = game.prepare(Unpaired(b, a))
    torch.manual_seed(3)
    z_a, z_b = torch.randn(4, 5), torch.randn(4, 5)

    def joined(pictures: Tensor, latents: Tensor) -> Tensor:
        planes = torch.ones(4, 5, 16, 16) * latents[:, :, None, None]
        return torch.cat([pictures, planes], 1)

    def apart(one: Tensor, other: Tensor) -> float:
        return float((one - other).abs().mean())

    with torch.no_grad():
        fake_b, fake_a = g_ab(joined(a, z_b)), g_ba(joined(b, z_a))
        there, back = torch.cat([a, fake_b], 1), torch.cat([fake_a, b], 1)
        code_a, code_b = e_a(there), e_b(back)
        expected = {
            "adversarial": squares(d_b(fake_b), 1),
            "inverse-adversarial": squares(d_a(fake_a), 1),
            "latent-adversarial": squares(d_zb(code_b), 1),
            "inverse-latent-adversarial": squares(d_za(code_a), 1),
            "cycle": 7 * apart(g_ab(joined(fake_a, code_b)), b),
            "inverse-cycle": 7 * apart(g_ba(joined(fake_b, code_a)), a),
            "latent-cycle": 3 * apart(e_b(there), z_b),
            "inverse-latent-cycle": 3 * apart(e_a(back), z_a),
        }
        of_judges = {
            "real": squares(d_b(b), 1) / 2,
            "fake": squares(d_b(fake_b), 0) / 2,
            "inverse-real": squares(d_a(a), 1) / 2,
            "inverse-fake": squares(d_a(fake_a), 0) / 2,
            "latent": (squares(d_zb(z_b), 1) + squares(d_zb(code_b), 0)) / 2,
            "inverse-latent": (squares(d_za(z_a), 1) + squares(d_za(code_a), 0)) / 2,
        }
    assert terms_of(game, prepared, "translators") == pytest.approx(expected, rel=1e-4)
    assert terms_of(game, prepared, "discriminators") == pytest.approx(of_judges, rel=1e-4)


class Heaps:
    """Grey blocks, and blocks of one red or blue: what a grey one does not say is its colour."""

    def batch(self, k: int) -> Images:
        generator = torch.Generator().manual_seed(k)
        light = torch.rand(2, 4, 1, 4, 4, generator=generator) * 2 - 1
        grey, shade = nn.functional.interpolate(light.flatten(0, 1), scale_factor=4).view(2, 4, 1, 16, 16)
        hue = (torch.rand(4, 1, 1, 1, generator=generator) < 0.5).float()
        red, blue = (torch.where(hue == one, shade, -torch.ones_like(shade)) for one in (0, 1))
        return Unpaired(torch.cat([red, -torch.ones_like(shade), blue], 1), grey)

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield self.batch(k)
            k += 1


def test_latents_learn_what_the_source_does_not_say() -> None:
    game = build("augmented-cyclegan", latent=2)
    settings = Optimizer(lr=3e-3, betas=(0.5, 0.999))
    trainer = Trainer(game, settings, Schedule(), Average(half_life=200), 0, torch.device("cpu"))
    for _ in trainer.run(Heaps(), 4 * 200):
        pass
    shipped = translation(trainer.game.product(dict(trainer.averages.players.items())))
    sources = Heaps().batch(10_000)
    assert isinstance(sources, Unpaired)
    with torch.no_grad():
        drawn = torch.stack([shipped.generator(shipped.prepared(sources.inputs, None, k)) for k in range(16)])
    red, green, blue = drawn.unbind(2)
    hues = (red - blue).mean((2, 3))  # [variants, pictures]
    assert float(hues.std(0).min()) > 0.3  # every picture becomes red or blue
    assert 0.1 < float((hues > 0).float().mean()) < 0.9
    assert float(green.mean()) < -0.9


def test_variants_differ_where_latents_do_and_only_there() -> None:
    game = build("augmented-cyclegan", latent=3)
    shipped = translation(game.product(dict(game.players.items())))
    pictures = torch.rand(2, 1, 16, 16)
    first, second = (shipped.prepared(pictures, None, variant) for variant in (0, 1))
    assert shipped.told == 3 and first.shape == (2, 4, 16, 16)
    assert torch.equal(first[0, 1:], first[1, 1:])  # the same for every picture
    assert not torch.equal(first[:, 1:], second[:, 1:])
    assert torch.equal(first, shipped.prepared(pictures, None))
    with torch.no_grad():
        drawn = [shipped.generator(shipped.prepared(pictures, None, variant)) for variant in (0, 1, 1)]
    assert torch.equal(drawn[1], drawn[2]) and not torch.equal(drawn[0], drawn[1])
    given = shipped.given(Unpaired(torch.zeros(2, 3, 16, 16), pictures), seed=4)
    assert not torch.equal(given[0, 1:], given[1, 1:])
    with pytest.raises(UsageError, match="variants are numbered from 0"):
        shipped.prepared(pictures, None, -1)
    alone = translation(build("cyclegan").product(dict(build("cyclegan").players.items())))
    with pytest.raises(UsageError, match="knows one translation of a picture"):
        alone.prepared(pictures, None, 1)
