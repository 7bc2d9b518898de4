"""A number travels with how it came about, and is compared with its like only."""

import json
from dataclasses import replace

import pytest

from sparring.errors import UsageError
from sparring.metrics import panel, protocol, receipt
from tests.metrics.example import FD as ONE


def test_a_receipt_survives_its_file() -> None:
    assert receipt.from_row(json.loads(json.dumps(ONE.as_row()))) == ONE
    assert receipt.from_row({**ONE.as_row(), "interval": None, "later": 1}).interval is None
    with pytest.raises(TypeError):
        receipt.from_row({"metric": "fd"})


def test_alike_but_for_what_was_measured() -> None:
    other = replace(ONE, value=99.0, images=5, seed=3, interval=None, protocol="standard", repeats=3)
    assert receipt.unlike(ONE, other) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("extractor", "classifier:def"),
        ("resize", "bicubic"),
        ("quantisation", "uint16"),
        ("data", "4567"),
        ("split", "test"),
        ("real", 4000),
        ("fake", 10_000),
    ],
)
def test_unlike_receipts_say_what_differs(name: str, value: object) -> None:
    found = receipt.unlike(ONE, replace(ONE, **{name: value}))  # type: ignore[arg-type]
    assert found == [f"{name} {getattr(ONE, name)} and {value}"]


def test_only_the_published_features_make_a_fid() -> None:
    assert receipt.named("fd", "inception:6726825d0af5") == "fid"
    assert receipt.named("kd", "inception:6726825d0af5") == "kid"
    assert receipt.named("recall", "inception:6726825d0af5") == "recall[inception:6726825d0af5]"
    assert receipt.named("fd", "random:012") == "fd[random:012]"


def test_too_few_pictures_are_warned_of() -> None:
    assert "20,480" in receipt.too_few("fd", 10_000, 2048)
    assert receipt.too_few("fd", 20_480, 2048) == ""
    assert receipt.too_few("precision", 10, 2048) == ""


def test_protocols_name_metrics_that_there_are() -> None:
    for plan in protocol.PROTOCOLS.values():
        for name in plan.metrics:
            panel.find(name)
    with pytest.raises(UsageError, match="did you mean 'quick'"):
        protocol.find("quik")
    with pytest.raises(UsageError, match="unknown metric 'fdd': did you mean"):
        panel.find("fdd")
