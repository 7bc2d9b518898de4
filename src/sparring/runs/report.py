"""`report.html`: one file that opens anywhere, with no network: pictures over time, curves, settings, how to load."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment
from markupsafe import Markup

from sparring import files, games
from sparring.doctor.verdicts import ILLNESSES
from sparring.metrics.receipt import RENAMED, Receipt, unlike
from sparring.runs import checkpoint
from sparring.runs.charts import svg
from sparring.runs.diagnosis import Complaint
from sparring.runs.diagnosis import of as diagnose
from sparring.runs.folder import Run
from sparring.runs.overview import receipts
from sparring.runs.settings import marked

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHEETS = 12
"""Picture grids that a report shows; of more, as many are picked evenly, first and last among them."""
ROOM = 70
"""Letters that fit into one line of a legend."""

BESIDE = {
    "copying": "the training picture that is most like each",
    "statistics mismatch": "what the shipped generator makes of the same latents",
    "label ignored": "real pictures, both sides sorted by class",
}
"""What stands on the right of the doctor's pictures, where it is not simply real ones."""


@dataclass(frozen=True)
class Curve:
    """One chart of a report: the terms of a move, or the speed."""

    title: str
    svg: Markup
    legend: dict[str, str]


@dataclass(frozen=True)
class Section:
    """One verdict of the doctor, to be read: its numbers over time, and the picture beside it."""

    complaint: Complaint
    svg: Markup
    picture: str


def write(run: Run) -> Path:
    """Make or replace the report of a run from what lies in its folder.

    Raises:
        SparringError: the folder is damaged or cannot be written.
    """
    recipe, rows, diagnosis = run.recipe(), run.rows(), diagnose(run)
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (resources("sparring.runs") / "report.html.jinja").read_text(encoding="utf-8")
    )
    page = template.render(
        run=run,
        recipe=recipe,
        last=rows[-1] if rows else None,
        outcome=_outcome(run),
        sheets=[(int(path.stem), _data_url(path)) for path in _evenly(run.sheets(), SHEETS)],
        curves=_curves(rows, games.find(recipe.game["name"]).legend),
        measured=newest(receipts(run)),
        quality=_quality(run, recipe.evaluation.metric),
        best=checkpoint.best(run.checkpoints),
        settings=marked(recipe),
        environment=run.environment(),
        events=run.events(),
        diagnosis=diagnosis,
        beside=BESIDE,
        complaints=[_complaint(run, one) for one in diagnosis.complaints],
    )
    files.write(run.report, page)
    return run.report


def _outcome(run: Run) -> str:
    last = run.state()
    return f"halted: {last['why']}" if last["event"] == "halted" else str(last["event"])


def _complaint(run: Run, one: Complaint) -> Section:
    signals = ILLNESSES[one.finding.verdict].signals
    looks = run.looks()
    shown = [name for name in signals if any(name in look for look in looks)]
    chart = _strips(looks, shown) if shown else Markup()
    return Section(one, chart, _data_url(one.picture) if one.picture else "")


def _evenly(paths: list[Path], count: int) -> list[Path]:
    if len(paths) <= count:
        return paths
    return [paths[round(index * (len(paths) - 1) / (count - 1))] for index in range(count)]


def _data_url(path: Path) -> str:
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()


def newest(found: Mapping[str, list[Receipt]]) -> list[Receipt]:
    """The newest receipt of each metric, of those that were measured together with the newest of all."""
    last = [kind[0] for kind in found.values()]  # the last line of the file first
    return [one for one in reversed(last) if (one.images, one.protocol) == (last[0].images, last[0].protocol)]


def _quality(run: Run, metric: str) -> Markup | None:
    """The chart of a metric over the run, beside its floor; None with less than two points of one kind."""
    found = receipts(run)
    kinds = found.get(metric) or found.get(RENAMED.get(metric, "")) or []
    alike = {one.images: one for one in reversed(kinds) if not unlike(one, kinds[0])}
    if len(alike) < 2:
        return None
    rows: list[dict[str, Any]] = [{"images": images, metric: alike[images].value} for images in sorted(alike)]
    names = [metric]
    if kinds[0].floor is not None:
        names.append("real against real")
        for row in rows:
            row["real against real"] = alike[row["images"]].floor
    return _chart(rows, names, kinds[0].key)


def _curves(rows: list[dict[str, Any]], legend: Mapping[str, str]) -> list[Curve]:
    if not rows:
        return []
    terms: dict[str, list[str]] = {}
    for name in dict.fromkeys(name for row in rows for name in row):  # the last row may lack a move of now and then
        if "." in name:
            terms.setdefault(name.partition(".")[0], []).append(name)
    curves = [
        Curve(move, _chart(rows, names, "loss"), {name: legend.get(name, "") for name in names})
        for move, names in terms.items()
    ]
    return [*curves, Curve("speed", _chart(rows, ["images_per_second"], "real images a second"), {})]


def _strips(rows: list[dict[str, Any]], names: list[str]) -> Markup:
    """One chart below the other, since signals have nothing in common but the run."""

    def draw(figure: "Figure") -> None:
        for axes, name in zip(figure.subplots(len(names), sharex=True, squeeze=False)[:, 0], names, strict=True):
            points = [(row["images"], row[name]) for row in rows if name in row]
            axes.plot(*zip(*points, strict=True), linewidth=1.2)
            if min(value for _, value in points) >= 0:
                axes.set_ylim(bottom=0)  # or a change of the last digit would look like one
            axes.set_title(name, loc="left", fontsize="small")
            axes.margins(x=0)
        axes.set_xlabel("real images shown")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")

    return svg(draw, 6.4, 0.7 + 1.1 * len(names))


def _chart(rows: list[dict[str, Any]], names: list[str], unit: str) -> Markup:
    labels = [name.rpartition(".")[2] for name in names]
    abreast = min(len(labels), max(1, ROOM // (max(map(len, labels)) + 5)))  # five for the line before it

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for name, label in zip(names, labels, strict=True):
            points = [(row["images"], row[name]) for row in rows if name in row]
            axes.plot(*zip(*points, strict=True), label=label, linewidth=1.2)
        axes.set_xlabel("real images shown")
        axes.set_ylabel(unit)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.margins(x=0)
        if len(names) > 1:
            axes.legend(frameon=False, ncols=abreast)

    return svg(draw, 6.4, 2.8)
