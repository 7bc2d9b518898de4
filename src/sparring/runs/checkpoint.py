"""Checkpoints: whole or not there, checked before use, and holding nothing that could run."""

import hashlib
import io
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

import sparring
from sparring import files
from sparring.errors import SparringError
from sparring.training.loop import Trainer

FORMAT = 1
GAME, AVERAGE, STATE, META = "model.safetensors", "average.safetensors", "state.pt", "meta.json"
CHECKSUM = "checksum"
"""In `meta.json`, of all else that it says; what was written before 2026-11-24 has six keys and not this one."""


class Damaged(SparringError):
    """A file of a checkpoint is missing, cut or changed; the message names it."""


@dataclass(frozen=True)
class Checkpoint:
    """What `Trainer.restore` takes."""

    game: dict[str, Tensor]
    averages: dict[str, Tensor]
    state: dict[str, Any]


def save(folder: Path, trainer: Trainer, keep_every: int) -> Path:
    """Write `folder/<images>/` in one move, point `latest.json` beside `folder` to it, and remove what is too old.

    Raises:
        SparringError: the disk is full or the folder cannot be written; all earlier checkpoints are still whole.
    """
    place = folder / f"{trainer.images:09}"
    if place not in finished(folder):
        with files.new_folder(place) as temporary:
            _fill(temporary, trainer)
            files.remove(place)  # what is there has lost its meta.json
    _point_to(place)  # before the one that it pointed to may go
    _prune(folder, keep_every)
    return place


def _point_to(place: Path) -> None:
    content = {"checkpoint": place.name, "images": int(place.name)}
    files.write_json(place.parent.parent / "latest.json", content)


def point(folder: Path, left: list[Path]) -> None:
    """Let `latest.json` and `best.json` beside `folder` point to what will be left in it, before the rest goes.

    Args:
        folder: of the checkpoints.
        left: whole ones, oldest first: `latest.json` will point to the last; what would point nowhere is removed.

    Raises:
        SparringError: the folder cannot be written.
    """
    kept = best(folder)
    if kept is None or folder / kept["checkpoint"] not in left:
        files.remove(folder.parent / "best.json")
    if left:
        _point_to(left[-1])
    else:
        files.remove(folder.parent / "latest.json")


def _fill(place: Path, trainer: Trainer) -> None:
    buffer = io.BytesIO()
    torch.save(trainer.state(), buffer)
    files.write(place / GAME, _weights(trainer.game.state_dict()))
    files.write(place / AVERAGE, _weights(trainer.averages.players.state_dict()))
    files.write(place / STATE, buffer.getvalue())
    meta = {
        "format": FORMAT,
        "sparring": sparring.__version__,
        "step": trainer.step,
        "images": trainer.images,
        "seconds": round(trainer.seconds, 3),  # of seventeen digits, the last may change and the number stay
        "sha256": {name: files.sha256(place / name) for name in (GAME, AVERAGE, STATE)},
    }
    files.write_json(place / META, meta | {CHECKSUM: _checksum(meta)})


def _checksum(meta: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(meta, sort_keys=True).encode()).hexdigest()


def _weights(tensors: Mapping[str, Tensor]) -> bytes:
    return safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})


def _prune(folder: Path, keep_every: int) -> None:
    """Keep the newest two, the best, and the first one at or after each multiple of `keep_every` images."""
    milestones: set[int] = set()
    kept = best(folder)
    for place in finished(folder)[:-2]:
        if kept is not None and place.name == kept["checkpoint"]:
            continue
        multiple = int(place.name) // keep_every if keep_every else 0
        if multiple and multiple not in milestones:
            milestones.add(multiple)
        else:
            files.remove(place)


def every(folder: Path) -> list[Path]:
    """The checkpoints, oldest first, even if something has taken a file from one."""
    places = [place for place in folder.glob("[0-9]*") if place.name.isdecimal() and place.is_dir()]
    return sorted(places, key=lambda place: int(place.name))


def finished(folder: Path) -> list[Path]:
    """The checkpoints, oldest first, as they came into place, each in one move; whether they still are is not read."""
    return [place for place in every(folder) if (place / META).is_file()]


def best(folder: Path) -> dict[str, Any] | None:
    """What `best.json` beside `folder` says: the checkpoint's name, its images, the metric and its value.

    None if nothing was measured yet, or it points to a checkpoint that is not there.
    """
    try:
        found = json.loads((folder.parent / "best.json").read_text(encoding="utf-8"))
        return found if (folder / found["checkpoint"] / META).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def latest(folder: Path) -> Path | None:
    """The checkpoint to go on from: the newest whole one; None before the first."""
    places = finished(folder)
    return places[-1] if places else None


def load(place: Path) -> Checkpoint:
    """Read a checkpoint after checking it.

    Raises:
        Damaged: a file is missing, cut or changed; the message names it.
        SparringError: it is of another format, or may not be read.
    """
    check(place)
    try:
        return Checkpoint(
            safetensors.torch.load_file(place / GAME),
            safetensors.torch.load_file(place / AVERAGE),
            _state(place / STATE),
        )
    except (OSError, SafetensorError) as error:
        raise Damaged(f"cannot read checkpoint {place}: {error}") from None


def check(place: Path) -> None:
    """Make sure that all files of a checkpoint are there, and are what was written.

    Raises:
        Damaged: one is not; the message names it.
        SparringError: it is of another format, or may not be read.
    """
    try:
        meta = _meta(place / META)
        if meta["format"] != FORMAT:
            raise SparringError(
                f"{place / META} has format {meta['format']}, this version of Sparring reads {FORMAT}: "
                f"use the one that wrote it, {meta['sparring']}"
            )
        for name in (GAME, AVERAGE, STATE):
            if files.sha256(place / name) != meta["sha256"][name]:
                raise Damaged(f"{place / name} fails its checksum: it is damaged")
    except PermissionError as error:  # whoever may read it can go on
        raise SparringError(f"cannot read {error.filename}: {error.strerror}; make it readable") from None
    except OSError as error:
        raise Damaged(f"cannot read {error.filename or place}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Damaged(f"{place / META} is damaged: it does not describe a checkpoint") from None


def _meta(path: Path) -> dict[str, Any]:
    meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if len(meta) > 6 and meta.pop(CHECKSUM) != _checksum(meta):
        raise Damaged(f"{path} fails its own checksum: it is damaged")
    return meta


def _state(path: Path) -> dict[str, Any]:
    try:
        with warnings.catch_warnings(action="ignore"):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:  # torch's own message would advise to run the code
        raise Damaged(f"{path} is refused: it holds something else than tensors and numbers, or is cut") from None
    except (RuntimeError, EOFError) as error:
        raise Damaged(f"{path} is damaged: {(str(error) or 'it is empty').splitlines()[0]}") from None
    if not isinstance(state, dict):
        raise Damaged(f"{path} is refused: it is not the state of a trainer")
    return state
