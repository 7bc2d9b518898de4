"""What the doctor says of a run that lies on disk."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sparring.config import Recipe
from sparring.data.spec import Spec
from sparring.doctor.course import Course
from sparring.doctor.remedies import remedy
from sparring.doctor.verdicts import Finding, diagnose, not_looked_for
from sparring.runs import folder
from sparring.runs.folder import Run


@dataclass(frozen=True)
class Complaint:
    """One verdict, with all that helps.

    Attributes:
        finding: what, since when, by which numbers.
        command: what to try, ready to be run.
        picture: what to look at: fakes, and beside them what they should be like; None if none was drawn.
    """

    finding: Finding
    command: str
    picture: Path | None


@dataclass(frozen=True)
class Diagnosis:
    """What ails a run.

    Attributes:
        run: its folder.
        looks: how often the doctor looked.
        images: real images shown at the last look.
        complaints: what began first at the beginning; empty if it is healthy, or nobody looked.
        not_looked_for: verdicts that nothing can be said about, of this set and game.
    """

    run: Path
    looks: int
    images: int
    complaints: tuple[Complaint, ...]
    not_looked_for: tuple[str, ...]

    @property
    def verdicts(self) -> tuple[str, ...]:
        """Their names; `healthy` if there are none, and nothing if nobody looked."""
        named = tuple(one.finding.verdict for one in self.complaints)
        return named or (("healthy",) if self.looks else ())

    def as_row(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "run": str(self.run),
            "verdicts": list(self.verdicts),
            "looks": self.looks,
            "images": self.images,
            "complaints": [
                {
                    "verdict": one.finding.verdict,
                    "since": one.finding.since,
                    "evidence": one.finding.evidence,
                    "numbers": one.finding.numbers,
                    "means": one.finding.means,
                    "try": one.command,
                    "picture": None if one.picture is None else str(one.picture),
                }
                for one in self.complaints
            ],
            "not_looked_for": list(self.not_looked_for),
        }


def diagnose_run(run: str | Path) -> Diagnosis:
    """What ails a run, by the signals that were written down while it trained.

    Args:
        run: its folder, or its name in the folder `runs`.

    Raises:
        UsageError: there is no such run.
        SparringError: its folder is damaged.
    """
    return of(folder.find(Path(run)))


def of(run: Run) -> Diagnosis:
    """The diagnosis of a run.

    Raises:
        SparringError: its folder is damaged.
    """
    recipe, looks = run.recipe(), run.looks()
    seen = course(looks, recipe)
    findings = [*_halted(run), *diagnose(seen)]
    known = dict.fromkeys(one.verdict for one in findings)
    first = [next(one for one in findings if one.verdict == name) for name in known]
    return Diagnosis(
        run=run.path,
        looks=len(looks),
        images=int(looks[-1]["images"]) if looks else 0,
        complaints=tuple(Complaint(one, _command(run, one), _picture(run, one)) for one in first),
        not_looked_for=tuple(not_looked_for(seen)) if looks else (),
    )


def course(looks: list[dict[str, Any]], recipe: Recipe) -> Course:
    """What was seen of a run, with how much of its budget was used up at the time."""
    return Course(looks, [recipe.used(look["images"], look["seconds"]) for look in looks])


def _halted(run: Run) -> list[Finding]:
    """A number that was not finite: the last word on a run that diverged."""
    state = run.state()
    if state["event"] != "halted":
        return []
    return [Finding("diverging", state["images"], {}, state["why"])]


def _command(run: Run, finding: Finding) -> str:
    spec = Spec.model_validate(run.environment()["data"]["spec"])
    name = f"{run.name}-against-{finding.verdict.replace(' ', '-')}"
    beside = [] if run.path.parent == Path("runs") else ["--runs", str(run.path.parent)]
    settings = remedy(finding.verdict, run.recipe(), spec)
    return shlex.join(["sparring", "train", str(run.path / "recipe.toml"), *settings, "--name", name, *beside])


def _picture(run: Run, finding: Finding) -> Path | None:
    place = run.evidence(finding.verdict)
    return place if place.is_file() else None
