"""`sparring doctor`: what ails a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sparring.cli.output import Json, echo_json

if TYPE_CHECKING:
    from sparring.runs.diagnosis import Diagnosis


def doctor(
    run: Annotated[Path, typer.Argument(help="Folder of the run.")],
    as_json: Json = False,
) -> None:
    """Say what ails a run, by which signs, what that means, and what to try."""
    from sparring.runs import diagnosis

    found = diagnosis.diagnose_run(run)
    if as_json:
        echo_json(found.as_row())
        return
    for line in _lines(found):
        typer.echo(line)


def _lines(found: "Diagnosis") -> list[str]:
    if not found.verdicts:
        return [
            f"{found.run}: the doctor has not looked at it: it was too short, or trained with guard=off",
        ]
    seen = f" ({found.looks} looks, the last after {found.images:,} images)" if found.looks else ""
    lines = [f"{found.run}: {', '.join(found.verdicts)}{seen}"]
    for one in found.complaints:
        lines += [
            "",
            f"{one.finding.verdict}, since {one.finding.since:,} images",
            f"  evidence  {one.finding.evidence}",
            *([f"  picture   {one.picture}"] if one.picture else []),
            f"  meaning   {one.finding.means}",
            f"  try       {one.command}",
        ]
    if found.not_looked_for:
        lines += ["", f"not looked for, as this set or game does not tell: {', '.join(found.not_looked_for)}"]
    return lines
