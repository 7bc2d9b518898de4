"""A study as one HTML file that opens anywhere, with no network: figures, what they say, tables, sources."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment
from markupsafe import Markup

from sparring import files
from sparring.runs.charts import svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.6
"""Inches of a drawing; the page scales it."""


@dataclass(frozen=True)
class Drawing:
    """A figure with what it shows."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class Table:
    """Numbers under heads, as they are printed."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Study:
    """What an experiment has to say.

    Attributes:
        title: of the page.
        question: what is asked, in a sentence or two.
        setting: on what, and how, it was measured.
        findings: paragraphs on what came out, with the numbers of this very run.
        drawings: in the order of the page.
        tables: likewise.
        sources: where the argument is made, one a line, with sections or theorems.
        numbers: the few that a program may want, by name.
    """

    title: str
    question: str
    setting: str
    findings: tuple[str, ...]
    drawings: tuple[Drawing, ...]
    tables: tuple[Table, ...]
    sources: tuple[str, ...]
    numbers: Mapping[str, float]


def drawing(draw: Callable[["Figure"], None], caption: str, height: float) -> Drawing:
    """A drawing from what fills an empty figure.

    Args:
        draw: puts axes and lines into the figure.
        caption: what they show.
        height: inches.
    """
    return Drawing(svg(draw, WIDTH, height), caption)


def render(study: Study, command: str) -> str:
    """The page of a study.

    Args:
        study: what came out.
        command: the one that makes this page again.
    """
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (resources("sparring.lab") / "page.html.jinja").read_text(encoding="utf-8")
    )
    return template.render(study=study, command=command)


def write(study: Study, command: str, path: Path) -> None:
    """Make or replace the page at `path`.

    Raises:
        SparringError: the place cannot be written.
    """
    files.write(path, render(study, command))


def number(value: float) -> str:
    """A number as a page prints it, with three digits, and with its power of ten where it is small.

    >>> number(0.25), number(4.316e-6)
    ('0.25', '4.3·10⁻⁶')
    """
    if not 0 < abs(value) < 1e-3:
        return f"{value:.3g}"
    head, power = f"{value:.1e}".split("e")
    return f"{head}·10{str(int(power)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def change(before: float, after: float) -> str:
    """How a positive number has changed, in words.

    >>> change(2.0, 0.5), change(1.0, 2512.0), change(1.0, 0.0)
    ('fallen by a factor of 4.0', 'grown by a factor of 2,500', 'fallen to zero')
    """
    if not after:
        return "fallen to zero"
    factor = max(before / after, after / before)
    verb = "fallen" if after < before else "grown"
    return f"{verb} by a factor of {float(f'{factor:.2g}'):,.{1 if factor < 10 else 0}f}"
