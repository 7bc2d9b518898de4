"""Verdicts on courses that were written by hand: each rule where it must speak, and where it must be silent."""

from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from sparring import games
from sparring.config import Recipe
from sparring.data.spec import Factor, Spec
from sparring.doctor.course import Course, before, earlier
from sparring.doctor.remedies import remedy
from sparring.doctor.verdicts import ILLNESSES, diagnose, not_looked_for
from sparring.errors import UsageError
from sparring.recipes import override, parse, read_recipe, recipe_names
from sparring.runs.settings import checked

WELL: dict[str, float] = {
    "spread": 0.98,
    "apart": 0.9,
    "variety": 0.95,
    "coverage": 0.9,
    "recall": 0.8,
    "distance": 0.02,
    "shipped_distance": 0.01,
    "drift": 0.3,
    "copies": 0.0,
    "copies_expected": 0.0,
    "agreement": 0.9,
    "peak_2": 0.05,
    "peak_4": 0.05,
    "separation": 0.75,
    "sureness": 0.4,
    "gap": 1.0,
    "logits": 1.0,
    "slope": 1.0,
    "overfitting": 0.1,
    "generator.gradient": 1e-2,
    "generator.update": 1e-3,
}
SICK: dict[str, dict[str, Any]] = {
    "mode collapse": {"variety": 0.1, "spread": 0.2},
    "vanishing gradient": {"generator.gradient": 1e-9},
    "discriminator too strong": {"separation": 1.0, "sureness": 1.0, "distance": 0.9},
    "discriminator too weak": {"separation": 0.5, "distance": 0.6},
    "discriminator overfits": {"separation": 0.99, "overfitting": 0.9},
    "diverging": {"slope": 900.0, "logits": 2e4, "distance": 1.5},
    "checkerboard": {"peak_2": 0.8},
    "copying": {"copies": 0.9},
    "label ignored": {"agreement": 0.0},
    "statistics mismatch": {"shipped_distance": 0.9},
    "plateau": {"generator.update": 1e-8, "distance": 0.6},
}
LOOKS = 40
CLASSES = ("a", "b", "c")
FACTORS = (Factor(name="letter", values=CLASSES),)


def course(sick: dict[str, Any] | None = None, since: int = 0, leave_out: tuple[str, ...] = ()) -> Course:
    rows = [
        {name: value for name, value in WELL.items() if name not in leave_out}
        | {"images": 1000 * (at + 1)}
        | (sick or {} if at >= since else {})
        for at in range(LOOKS)
    ]
    return Course(rows, [(at + 1) / LOOKS for at in range(LOOKS)])


def test_a_healthy_run_has_no_verdict() -> None:
    assert all(not diagnose(course().until(count)) for count in range(LOOKS + 1))


@pytest.mark.parametrize("verdict", SICK)
def test_every_illness_is_named_since_it_began(verdict: str) -> None:
    found = diagnose(course(SICK[verdict], since=20))
    assert verdict in [one.verdict for one in found]
    named = next(one for one in found if one.verdict == verdict)
    assert 21_000 <= named.since <= 31_000
    assert set(named.numbers) >= set(ILLNESSES[verdict].signals)
    assert "{" not in named.evidence


@pytest.mark.parametrize("verdict", SICK)
def test_one_odd_look_is_no_illness(verdict: str) -> None:
    rows = [dict(look) for look in course().looks]
    rows[20] |= SICK[verdict]
    assert not diagnose(Course(rows[:21], [(at + 1) / LOOKS for at in range(21)]))


GLIMPSED = ("spread", "apart", "variety", "distance", "generator.gradient", "generator.update", "images")


def glanced(sick: dict[str, Any], looks: int) -> Course:
    """A course of which two looks of three are glances, ill from its twentieth look on."""
    rows: list[dict[str, Any]] = [dict(look) for look in course(sick, since=20).looks[:looks]]
    for at, row in enumerate(rows):
        if at % 3:
            rows[at] = {name: value for name, value in row.items() if name in GLIMPSED} | {"glance": True}
    return Course(rows, [(at + 1) / LOOKS for at in range(looks)])


def test_a_glance_is_enough_for_what_is_urgent() -> None:
    """The twentieth and the two after it: a glance, a whole look, a glance."""
    (found,) = diagnose(glanced(SICK["mode collapse"], 23))
    assert (found.verdict, found.since) == ("mode collapse", 22_000)
    assert "90% of the real pictures have a fake near" in found.evidence  # as the whole look before said


@pytest.mark.parametrize("verdict", SICK)
def test_between_glances_every_illness_is_named(verdict: str) -> None:
    assert verdict in [one.verdict for one in diagnose(glanced(SICK[verdict], LOOKS))]


def test_one_whole_look_stays_one_whatever_glances_follow() -> None:
    """The look at 21 alone says that slopes run away; what the glances after it leave out is no second one."""
    away = {"slope": 900.0, "distance": 0.3}
    assert not diagnose(glanced(away, 24))
    assert [one.verdict for one in diagnose(glanced(away, 25))] == ["diverging"]


def test_what_may_pass_must_last() -> None:
    sick = course(SICK["discriminator too weak"] | {"spread": 0.9}, since=10)
    first = next(count for count in range(LOOKS) if diagnose(sick.until(count)))
    (found,) = diagnose(sick.until(first))
    assert found.verdict == "discriminator too weak"
    assert 10_000 <= 1000 * first - found.since <= 11_000  # a quarter of the run, in whole looks


@pytest.mark.parametrize("verdict", sorted({*SICK, "oscillating"}))
def test_without_its_signal_an_illness_is_not_looked_for(verdict: str) -> None:
    seen = course(leave_out=(ILLNESSES[verdict].signals[0],))
    assert not_looked_for(seen) == [
        name for name in ILLNESSES if ILLNESSES[name].signals[0] == ILLNESSES[verdict].signals[0]
    ]
    assert verdict not in [one.verdict for one in diagnose(seen)]


def test_a_signal_that_is_missing_is_not_spoken_of() -> None:
    """A VAE has no discriminator."""
    seen = course({"distance": 0.9, "drift": 0.9}, leave_out=("slope", "logits", "separation", "gap"))
    (found,) = [one for one in diagnose(seen) if one.verdict == "diverging"]
    assert "nan" not in found.evidence
    assert "moved by 90%" in found.evidence
    assert set(found.numbers) == {"distance", "drift"}


def swinging(**signals: tuple[float, float]) -> list[str]:
    """What is said of a run in which signals go from one value to the other and back, every ten looks."""
    rows = [dict(look) for look in course().looks]
    for at, row in enumerate(rows):
        row |= {name: (low, high)[at // 5 % 2] for name, (low, high) in signals.items()}
    return [one.verdict for one in diagnose(Course(rows, [(at + 1) / LOOKS for at in range(LOOKS)]))]


def test_the_period_of_an_oscillation_is_that_of_the_lead() -> None:
    rows = [dict(look) | {"separation": (0.5, 0.95)[at // 5 % 2]} for at, look in enumerate(course().looks)]
    (found,) = diagnose(Course(rows, [(at + 1) / LOOKS for at in range(LOOKS)]))
    assert found.numbers["period"] == pytest.approx(10_000)
    assert "10,000 images" in found.evidence


def test_a_lead_that_comes_and_goes_is_an_oscillation_and_one_that_trembles_is_not() -> None:
    assert swinging(separation=(0.5, 0.95)) == ["oscillating"]
    assert swinging(gap=(1.0, 9.0), separation=(0.97, 1.0)) == ["oscillating"]
    assert not swinging(separation=(0.65, 0.8))
    assert not swinging(gap=(0.01, 0.09))  # a large change of next to nothing


def test_a_young_run_may_have_few_sorts_of_pictures_and_one_that_had_more_may_not() -> None:
    sick = SICK["mode collapse"]
    young = [dict(look) | sick | {"distance": 0.9 - 0.08 * at} for at, look in enumerate(course().looks[:10])]
    assert not diagnose(Course(young, [(at + 1) / LOOKS for at in range(10)]))
    fallen = [dict(look) | (sick if at > 5 else {}) for at, look in enumerate(course().looks[:10])]
    assert [one.verdict for one in diagnose(Course(fallen, [(at + 1) / LOOKS for at in range(10)]))] == [
        "mode collapse"
    ]


def said(**signals: list[float]) -> list[str]:
    """What is said of a run, given some of its signals, from the first look on."""
    looks = len(next(iter(signals.values())))
    rows = [dict(look) for look in course().looks[:looks]]
    for name, values in signals.items():
        for row, value in zip(rows, values, strict=True):
            row[name.replace("__", ".")] = value
    return [one.verdict for one in diagnose(Course(rows, [(at + 1) / LOOKS for at in range(looks)]))]


def test_that_every_fake_has_a_twin_is_no_matter_of_youth() -> None:
    falls = [0.9 - 0.1 * at for at in range(6)]
    assert said(apart=[0.001] * 6, spread=[0.6] * 6, variety=[0.1] * 6, distance=falls) == ["mode collapse"]
    assert not said(apart=[0.02] * 6, spread=[0.001] * 6, variety=[0.1] * 6, distance=falls)


def test_what_grows_so_soon_is_not_well_though_its_pictures_come_and_go() -> None:
    falls = [0.9, 0.15, 0.12, 0.15]
    assert said(generator__weights_grown=[7.0] * 4, distance=falls) == ["diverging"]
    assert not said(generator__weights_grown=[5.0] * 4, distance=falls)
    assert not said(generator__weights_grown=[7.0] * 4, distance=[0.05] * 4)


def test_one_whole_look_at_logits_without_bound_is_enough() -> None:
    assert diagnose(glanced({"logits": 2e3, "distance": 0.3}, 24))[0].verdict == "diverging"
    assert not diagnose(glanced({"logits": 2e3}, 24))


def test_steps_that_are_large_beside_the_weights_diverge_where_the_pictures_are_far() -> None:
    assert said(generator__update=[0.1] * 6, distance=[0.6] * 6) == ["diverging"]
    assert not said(generator__update=[0.1] * 6, distance=[0.1] * 6)
    assert not said(generator__update=[0.03] * 6, distance=[0.6] * 6)


def test_weights_that_burst_have_diverged_for_as_long_as_the_pictures_are_far() -> None:
    burst, grown = [0.05] * 20 + [1.0] * 20, [0.05 * 1.05**at for at in range(40)]
    assert said(generator__weights=burst, distance=[0.02] * 20 + [1.1] * 20) == ["diverging"]
    assert not said(generator__weights=burst, distance=[0.02] * 20 + [1.1] * 10 + [0.02] * 10)
    assert not said(generator__weights=grown, distance=[0.15] * 40)


def test_a_grid_that_is_lost_with_youth_is_none_and_one_that_stays_is_one_even_if_it_fades() -> None:
    assert not said(peak_2=[0.8 * 0.93**at for at in range(40)])
    assert said(peak_2=[0.7] * 40) == ["checkerboard"]
    assert said(peak_2=[0.7] * 25 + [0.4] * 15) == ["checkerboard"]
    assert not said(peak_2=[0.7] * 25 + [0.2] * 15)


def test_a_run_that_has_only_just_come_to_rest_is_on_no_plateau() -> None:
    assert not said(generator__update=[1e-3] * 36 + [1e-8] * 4, distance=[0.1] * 40)
    assert said(generator__update=[1e-3] * 20 + [1e-8] * 20, distance=[0.1] * 40) == ["plateau"]


def test_what_began_first_comes_first() -> None:
    rows = [dict(look) for look in course(SICK["mode collapse"], since=10).looks]
    for row in rows[25:]:
        row |= SICK["copying"]
    found = [one.verdict for one in diagnose(Course(rows, [(at + 1) / LOOKS for at in range(LOOKS)]))]
    assert found == ["mode collapse", "copying"]


def test_medians_and_earlier_numbers_never_look_ahead() -> None:
    series = np.random.default_rng(0).normal(size=30)
    series[4] = np.nan
    smooth = before(series, 5)
    for at in range(30):
        known = series[max(0, at - 4) : at + 1]
        known = np.sort(known[~np.isnan(known)])
        assert smooth[at] == known[(len(known) - 1) // 2]
    shares = np.linspace(0.01, 0.3, 30)
    then = earlier(np.arange(30.0), shares, 0.1)
    assert np.isnan(then[:9]).all()
    assert then[29] == pytest.approx(19)


SPECS = {
    "grey": Spec(channels=1, height=28, width=28, classes=CLASSES, factors=FACTORS),
    "colour": Spec(channels=3, height=32, width=32, classes=CLASSES, factors=FACTORS),
    "points": Spec(channels=2, height=1, width=1, bits=32),
}


def buildable(spec: Spec) -> list[Recipe]:
    """The recipes of the package that can be trained on such pictures."""
    found = []
    for name in recipe_names():
        recipe = checked({**read_recipe(name), "images": 1000})
        with suppress(UsageError, ValueError):
            games.build(recipe.game, spec)
            found.append(recipe)
    return found


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_every_remedy_of_every_recipe_changes_it_and_can_be_built(spec: Spec) -> None:
    recipes = buildable(spec)
    assert len(recipes) > (3 if spec.points else 12)
    for recipe in recipes:
        for verdict in ILLNESSES:
            settings = remedy(verdict, recipe, spec)
            changed = checked(override(recipe.model_dump(mode="json", exclude_none=True), parse(settings)))
            assert changed != recipe, (verdict, recipe.game["name"])
            if verdict != "checkerboard" or not spec.points:  # points are never called so
                game = games.build(changed.game, spec)
                assert changed.batch_size % game.multiple == 0


@pytest.mark.parametrize(
    ("verdict", "settings", "expected"),
    [
        ("plateau", {"optimizer": {"lr": 1e-7}}, "optimizer.lr=2e-4"),
        ("plateau", {"optimizer": {"lr": 1e-3}}, "optimizer.lr=0.004"),
        ("plateau", {"schedule": {"decay_from": 0.5}}, "schedule.decay_from=0.75"),
        ("statistics mismatch", {"average": {"half_life": 0}}, "optimizer.lr=5e-05"),
        ("oscillating", {"optimizer": {"kind": "rmsprop"}}, "optimizer.lr=5e-05"),
        ("vanishing gradient", {"game": {"name": "dcgan", "objective": "minimax"}}, "game.objective=non-saturating"),
        ("vanishing gradient", {"game": {"name": "wgan", "clip": 1.0}}, "game.aids.instance_noise=0.1"),
        ("discriminator too strong", {"game": {"name": "wgan-gp"}}, "game.critic_steps=1"),
        ("discriminator overfits", {}, "game.aids.augment=adaptive"),
        ("discriminator overfits", {"game": {"name": "dcgan", "aids": {"augment": "fixed"}}}, "game.width=16"),
        ("mode collapse", {}, "game.aids.packing=2"),
        ("mode collapse", {"batch_size": 33}, "game.aids.minibatch=deviation"),
    ],
)
def test_a_remedy_never_repeats_what_is_there(verdict: str, settings: dict[str, Any], expected: str) -> None:
    recipe = checked({"game": {"name": "dcgan"}, "images": 1000, **settings})
    assert remedy(verdict, recipe, SPECS["grey"])[0] == expected
