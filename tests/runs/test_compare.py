"""Runs side by side: numbers that were measured in the same way, and no others."""

from dataclasses import replace
from pathlib import Path

import pytest

import sparring
from sparring.cli.main import main
from sparring.runs.folder import Run
from sparring.runs.overview import measured, receipts
from tests.metrics.example import FD

OTHER_JUDGE = replace(FD, metric="fd[classifier:def]", extractor="classifier:def", value=3.0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("runs")
    for name in ("one", "other"):
        sparring.train("gan", "data.size=8", "game.width=4", "batch_size=32", runs=folder, name=name, images=64)
    return folder / "one", folder / "other"


@pytest.fixture
def runs(trained: tuple[Path, Path]) -> tuple[Run, Run]:
    for path in trained:
        (path / "evaluations.jsonl").unlink(missing_ok=True)
    return Run(trained[0]), Run(trained[1])


def test_the_newest_pair_that_is_alike_is_taken(runs: tuple[Run, Run]) -> None:
    one, other = runs
    for receipt in (FD, replace(FD, value=9.0), OTHER_JUDGE):
        one.add_evaluation(receipt.as_row())
    other.add_evaluation(replace(FD, value=20.0).as_row())
    (pair,) = measured(one, other)
    assert (pair.metric, pair.unlike) == ("fd", ())
    assert pair.one is not None
    assert pair.other is not None
    assert (pair.one.value, pair.other.value) == (9.0, 20.0)


def test_unlike_numbers_are_refused_with_the_reason(
    runs: tuple[Run, Run], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = runs
    one.add_evaluation(replace(FD, real=400).as_row())
    other.add_evaluation(OTHER_JUDGE.as_row())
    other.add_evaluation(replace(FD, metric="kd[classifier:def]", value=2.0).as_row())
    monkeypatch.setattr("sys.argv", ["sparring", "runs", "compare", str(one.path), str(other.path)])
    with pytest.raises(SystemExit) as stop:
        main()
    assert not stop.value.code
    said = capsys.readouterr()
    assert "fd cannot be compared" in said.err
    assert "extractor classifier:abc and classifier:def; real 400 and 5000" in said.err
    lines = [line.split() for line in said.out.splitlines()]
    assert not any(line[0] == "fd" for line in lines)
    assert ["kd", "-", "2"] in lines  # never measured of the first


def test_a_log_that_was_cut_off_loses_its_last_line_only(runs: tuple[Run, Run]) -> None:
    run = runs[0]
    run.add_evaluation(FD.as_row())
    path = run.path / "evaluations.jsonl"
    path.write_text(path.read_text() + '{"metric": "fd[cl' + "\n" + '{"metric": "fd"}\n')
    assert receipts(run) == {"fd": [FD]}
