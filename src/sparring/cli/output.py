"""What all verbs share: results as text or as JSON, one object a line."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print results as JSON, one object a line.")]


def echo_json(row: Mapping[str, Any]) -> None:
    """One JSON object on a line of stdout."""
    typer.echo(json.dumps(row, ensure_ascii=False))


def table(rows: Iterable[Sequence[object]], heads: Sequence[str]) -> None:
    """Rows in aligned columns on stdout; numbers to the right."""
    cells = [list(map(_cell, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    right = [all(_is_number(row[at]) for row in cells) for at in range(len(heads))]
    for row in [list(heads), *cells]:
        aligned = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ]
        typer.echo("  ".join(aligned).rstrip())


def echo_differences(rows: Iterable[tuple[str, Any, Any]], one: str, other: str, as_json: bool) -> None:
    """Rows (what, in `one`, in `other`) on stdout, as a table or as JSON."""
    if as_json:
        for what, left, right in rows:
            echo_json({"what": what, "one": left, "other": right})
    else:
        table(rows, ("what", one, other))


def duration(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any.

    >>> duration(75), duration(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").replace(":", "").isdigit()
