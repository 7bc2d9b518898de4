"""Checkpoints: whole or not there, checked before use, and holding nothing that could run."""

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
    files.write_json(folder.parent / "latest.json", {"checkpoint": place.name, "images": trainer.images})
    _prune(folder, keep_every)
    return place


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
        "seconds": trainer.seconds,
        "sha256": {name: files.sha256(place / name) for name in (GAME, AVERAGE, STATE)},
    }
    files.write_json(place / META, meta)


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


def finished(folder: Path) -> list[Path]:
    """The whole checkpoints, oldest first: each came into place in one move."""
    return sorted((path.parent for path in folder.glob(f"[0-9]*/{META}")), key=lambda place: int(place.name))


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
        SparringError: a file is missing, damaged or of another format; the message names it and says how to go on.
    """
    remedy = f"to go on from the one before it, remove {place}"
    try:
        meta = json.loads((place / META).read_text(encoding="utf-8"))
        if meta["format"] != FORMAT:
            raise SparringError(f"{place / META} has format {meta['format']}, this version reads {FORMAT}")
        for name in (GAME, AVERAGE, STATE):
            if files.sha256(place / name) != meta["sha256"][name]:
                raise SparringError(f"{place / name} fails its checksum: it is damaged; {remedy}")
        return Checkpoint(
            safetensors.torch.load_file(place / GAME),
            safetensors.torch.load_file(place / AVERAGE),
            _state(place / STATE),
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise SparringError(f"cannot read checkpoint {place}: {error}; {remedy}") from None


def _state(path: Path) -> dict[str, Any]:
    try:
        with warnings.catch_warnings(action="ignore"):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:  # torch's own message would advise to run the code
        raise SparringError(f"{path} is refused: it holds something else than tensors and numbers, or is cut") from None
    except (RuntimeError, EOFError) as error:
        raise SparringError(f"{path} is damaged: {(str(error) or 'it is empty').splitlines()[0]}") from None
    if not isinstance(state, dict):
        raise SparringError(f"{path} is refused: it is not the state of a trainer")
    return state
