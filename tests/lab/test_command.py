"""`sparring lab` through the front door, and the page it leaves."""

import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from sparring import lab
from sparring.cli.main import main
from sparring.lab import batch_norm, vanishing_gradient
from sparring.lab.page import Study, Table, drawing, render


def said(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["sparring", "lab", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    streams = capsys.readouterr()
    code = end.value.code
    assert code is None or isinstance(code, int)
    return code or 0, streams.out, streams.err


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for measuring, few in ((batch_norm.compare, {"steps": 12}), (vanishing_gradient.measure, {"steps": 30, "warm": 5})):
        monkeypatch.setattr(measuring, "__kwdefaults__", {**(measuring.__kwdefaults__ or {}), **few})


class Reader(HTMLParser):
    """What a page would fetch, and whether every tag is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta",):
            self.open.append(tag)
        self._look(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._look(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def _look(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        outside = [value for name, value in attrs if name.split(":")[-1] in ("src", "href") and value]
        self.fetched += [value for value in outside if not value.startswith("#")]
        if tag in ("script", "link", "iframe", "img"):
            self.fetched.append(tag)


@pytest.mark.parametrize("name", lab.names())
def test_a_page_that_opens_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said([name, "--seed", "2", "--json"], monkeypatch, capsys)
    assert code == 0, err
    told = json.loads(out)
    assert (told["experiment"], told["page"], told["seed"]) == (name, f"{name}.html", 2)
    assert len(told) > 6
    text = (tmp_path / f"{name}.html").read_text()
    reader = Reader()
    reader.feed(text)
    assert (reader.open, reader.fetched) == ([], [])
    assert not re.search(r"url\((?!#)|@import", text)
    assert text.count("<svg") >= 1
    assert "arXiv:" in text
    assert f"sparring lab {name} --seed 2" in text
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.html"]


def test_results_on_stdout_and_progress_on_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(["earth-mover", "--out", "x.html"], monkeypatch, capsys)
    assert code == 0
    assert "bells slope at 8" in out
    assert "x.html: " in out
    assert "two bells" in err and "two bells" not in out


def test_without_a_name_they_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = said(["--json"], monkeypatch, capsys)
    assert [json.loads(line)["experiment"] for line in out.splitlines()] == lab.names()
    assert all(name in said([], monkeypatch, capsys)[1] for name in lab.names())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["vanishing-gradent"], "did you mean 'vanishing-gradient'?"),
        (["page"], "known: batch-norm"),
        (["earth-mover", "--data", "digits"], "leave --data out"),
        (["batch-norm", "--data", "nosuch"], "nosuch"),
        (["earth-mover", "--out", "nowhere/x.html"], "no folder nowhere"),
        (["earth-mover", "--out", "."], "name a file"),
    ],
)
def test_wrong_usage_is_one_clear_line_and_leaves_nothing(
    arguments: list[str],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = said(arguments, monkeypatch, capsys)
    assert (code, out) == (2, "")
    assert complaint in err
    assert not list(tmp_path.iterdir())


def one_line(figure: Figure) -> None:
    figure.subplots().plot([1, 2])


def test_words_on_a_page_are_not_taken_for_markup() -> None:
    drawn = drawing(one_line, "a < b", 2.0)
    study = Study("<t>", "q", "s", ("f & g",), (drawn,), (Table("c", ("h",), (("1",),)),), ("x",), {})
    text = render(study, "sparring lab '<i>'")
    assert "&lt;t&gt;" in text and "a &lt; b" in text and "f &amp; g" in text
    assert "<t>" not in text and "<i>" not in text
    assert text.count("<svg") == 1


def test_the_same_drawing_is_the_same_text() -> None:
    one, other = (drawing(one_line, "", 2.0) for _ in range(2))
    assert one == other
