"""A classifier with and without batch norm, in few steps, on digits."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sparring.data.batches import Labelled
from sparring.errors import UsageError
from sparring.lab.batch_norm import Comparison, compare
from sparring.lab.classifier import accuracy, classifier, learn
from sparring.lab.pictures import parts

Parts = tuple[Labelled, Labelled, int]


def silent(text: str) -> None:
    pass


@pytest.fixture(scope="module")
def digits() -> Parts:
    return parts("digits", 0, silent)


@pytest.fixture(scope="module")
def found(digits: Parts) -> Comparison:
    return compare(*digits, steps=60)


def test_batch_norm_learns_where_the_plain_classifier_does_not(found: Comparison) -> None:
    assert {(one.norm, one.rate) for one in found.courses} == {
        (n, r) for n in ("batch", "none") for r in (0.01, 0.1, 1)
    }
    for rate in (0.1, 1.0):
        normed, plain = found.course("batch", rate), found.course("none", rate)
        assert normed.eval_accuracies[-1] > 0.8 > plain.eval_accuracies[-1]
        assert normed.losses[-1] < normed.losses[0]
        assert plain.reached is None
    assert found.course("batch", found.best).reached is not None


def test_in_train_mode_the_answer_depends_on_the_company(found: Comparison) -> None:
    assert found.alone > 0.85
    assert found.mixed[64] > 0.85
    assert found.mixed[2] < found.mixed[64] - 0.1
    assert found.sorted_ < found.mixed[16] - 0.1


def test_a_single_picture_has_no_deviation() -> None:
    with pytest.raises(ValueError, match="more than 1 value"):
        classifier((1, 8, 8), 10, "batch")(torch.zeros(1, 1, 8, 8))
    assert classifier((1, 8, 8), 10, "none")(torch.zeros(1, 1, 8, 8)).shape == (1, 10)


def test_without_batch_norm_mode_and_company_mean_nothing(digits: Parts) -> None:
    train, test, classes = digits
    course, network = learn(train, test, classes, "none", 0.1, 0, 12)
    whole = Labelled(test.pictures[:448], test.labels[:448])
    assert accuracy(network, whole) == accuracy(network, whole, 2) == accuracy(network, whole, 64)
    assert len(course.steps) == len(course.losses) == 11  # each of the first ten, and the last


def test_asking_changes_nothing(digits: Parts) -> None:
    _, test, _ = digits
    network = classifier((1, 32, 32), 10, "batch")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    accuracy(network, test, 64)
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_the_same_seed_gives_the_same_course(digits: Parts) -> None:
    one, other, another = (asdict(learn(*digits, "batch", 0.1, seed, 5)[0]) for seed in (1, 1, 2))
    assert one == other != another


def test_no_picture_is_learnt_from_and_tested_with() -> None:
    train, test, _ = parts("digits", 3, silent)
    known = {picture.numpy().tobytes() for picture in train.pictures}
    assert len(train) + len(test) == 1797
    assert not [picture for picture in test.pictures if picture.numpy().tobytes() in known]


def test_pictures_without_labels_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 255, (4, 8, 8, 1)).astype(np.uint8))
    with pytest.raises(UsageError, match="has none"):
        parts(str(tmp_path / "a.npy"), 0, silent)


def test_a_set_with_a_test_part_is_tested_on_it(tmp_path: Path) -> None:
    for part, count in (("train", 12), ("test", 5)):
        for name in ("circle", "square"):
            (tmp_path / part / name).mkdir(parents=True)
            for number in range(count):
                shade = np.full((8, 8), 100 if part == "test" else 200, np.uint8)
                Image.fromarray(shade).save(tmp_path / part / name / f"{number}.png")
    train, test, classes = parts(str(tmp_path), 0, silent)
    assert (len(train), len(test), classes) == (24, 10, 2)
    assert bool((test.pictures < 0).all()) and bool((train.pictures > 0).all())
