"""Checkpoints: whole or not there, checked before use, and holding nothing that could run."""

import io
import json
import os
import shutil
import tempfile
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not place.exists():
            _write(place, trainer)
        files.write_json(folder.parent / "latest.json", {"checkpoint": place.name, "images": trainer.images})
        _prune(folder, place, keep_every)
    except OSError as error:
        raise files.unwritable(place, error) from error
    return place


def _write(place: Path, trainer: Trainer) -> None:
    temporary = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
    try:
        temporary.chmod(0o755)
        files.write(temporary / GAME, _weights(trainer.game.state_dict()))
        files.write(temporary / AVERAGE, _weights(trainer.averages.players.state_dict()))
        buffer = io.BytesIO()
        torch.save(trainer.state(), buffer)
        files.write(temporary / STATE, buffer.getvalue())
        meta = {
            "format": FORMAT,
            "sparring": sparring.__version__,
            "step": trainer.step,
            "images": trainer.images,
            "seconds": trainer.seconds,
            "sha256": {name: files.sha256(temporary / name) for name in (GAME, AVERAGE, STATE)},
        }
        files.write_json(temporary / META, meta)
        temporary.rename(place)
        _flush(place.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _weights(tensors: Mapping[str, Tensor]) -> bytes:
    return safetensors.torch.save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})


def _flush(folder: Path) -> None:
    # a rename is on the disk only when its folder is; Windows has no such call and needs none
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _prune(folder: Path, newest: Path, keep_every: int) -> None:
    """Keep the newest two, and the first one at or after each multiple of `keep_every` images."""
    milestones: set[int] = set()
    for place in finished(folder)[:-2]:
        multiple = int(place.name) // keep_every if keep_every else 0
        if multiple and multiple not in milestones:
            milestones.add(multiple)
        elif place != newest:
            shutil.rmtree(place)
    for leftover in folder.glob(".*"):
        shutil.rmtree(leftover, ignore_errors=True)


def finished(folder: Path) -> list[Path]:
    """The whole checkpoints, oldest first."""
    return sorted(path.parent for path in folder.glob(f"[0-9]*/{META}"))


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
            torch.load(place / STATE, map_location="cpu", weights_only=True),
        )
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise SparringError(f"cannot read checkpoint {place}: {error}; {remedy}") from None
    except UnpicklingError as error:
        raise SparringError(
            f"{place / STATE} holds more than numbers and is refused: {error}".splitlines()[0]
        ) from None
