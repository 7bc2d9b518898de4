"""A model folder: written once, loaded anywhere with no flags, and never with code from the file."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from torch import nn
from torch.overrides import TorchFunctionMode

from sparring import files, games
from sparring.data.batches import from_stored
from sparring.data.spec import Spec
from sparring.errors import SparringError, UsageError
from sparring.games.base import Product, Sampler
from sparring.inference import sample, translate
from sparring.inference.card import model_card
from sparring.training.device import find_device

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"


class Config(BaseModel):
    """What `config.json` says: how to rebuild the network, and where it comes from.

    Attributes:
        format: of this folder; 1 so far.
        sparring: the version that wrote it.
        game: the game's name and options.
        spec: the pictures that come out.
        recipe: the name of the recipe that it was trained with.
        data: what it was trained on, in one sentence.
        images: real images shown in training.
        seed: of the run.
        sha256: checksum of the weights.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    sparring: str
    game: dict[str, Any]
    spec: Spec
    recipe: str
    data: str
    images: int
    seed: int
    sha256: str = ""


class Model:
    """A trained generator, ready to draw or to translate.

    Attributes:
        config: what it is.
        product: the network and its latents.
    """

    def __init__(self, config: Config, product: Product) -> None:
        self.config = config
        self.product = product

    def sample(self, count: int, seed: int = 0, first: int = 0, label: str | None = None) -> NDArray[np.generic]:
        """Pictures `first` to `first + count - 1` of a seed; each depends on its number, the seed and the label alone.

        Args:
            count: how many.
            seed: any whole number from 0 up.
            first: the first one's number.
            label: the class that all shall have, of models that were taught classes; None: the classes take turns, or
                are drawn at random where a class is a level of a number (`disentangled`).

        Returns:
            [count, height, width, channels], uint8 (or uint16, as the training pictures were).

        Raises:
            UsageError: `count` is less than 1, `seed` or `first` less than 0, or there is no such class.
        """
        if count < 1 or seed < 0 or first < 0:
            raise UsageError(f"cannot draw {count} pictures from number {first} of seed {seed}: count from 1, others 0")
        return sample.array(self.product, count, seed, first, sample.values_of(self.product, label))

    def translate(self, pixels: NDArray[np.generic], to: str | None = None, variant: int = 0) -> NDArray[np.generic]:
        """A picture translated, at its own size; the same picture always becomes the same.

        Args:
            pixels: [H, W, C] of uint8 or uint16, grey or colour, or with the channels that the model takes; a map of
                classes is [H, W, 1], whole numbers.
            to: the domain that is wanted, of models that know several.
            variant: which of its translations, from 0 up, of models that know many.

        Returns:
            [H, W, channels], of the depth that the model was taught; a map of classes is [H, W, 1].

        Raises:
            UsageError: the model makes pictures from noise, or takes no such pictures.
        """
        return translate.picture(self.product, pixels, to, variant=variant)

    def classifier(self) -> nn.Module:
        """The network that tells classes apart.

        Raises:
            UsageError: the model has none.
        """
        classifier = self.product.classifier if isinstance(self.product, Sampler) else None
        if classifier is None:
            raise UsageError(
                f"a model of game {self.config.game['name']!r} has no classifier; semi-supervised games train one "
                "(`sparring recipes`)"
            )
        return classifier

    @torch.no_grad()
    def classify(self, pictures: NDArray[np.generic]) -> NDArray[np.float32]:
        """How sure the model is of each class for each picture; of games that ship a classifier.

        Args:
            pictures: [N, height, width, channels], stored as the training pictures were.

        Returns:
            [N, number of classes], in [0, 1], rows add up to 1; `config.spec.classes` names the columns.

        Raises:
            UsageError: the model has no classifier, or the pictures have another shape.
        """
        classifier, spec = self.classifier(), self.config.spec
        if pictures.shape[1:] != (spec.height, spec.width, spec.channels):
            wanted = (spec.height, spec.width, spec.channels)
            raise UsageError(f"pictures of shape {pictures.shape[1:]} for a classifier of {wanted}")
        place = next(classifier.parameters()).device
        stored = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)))
        parts = [
            classifier(from_stored(part.to(place), spec.bits)).softmax(1).cpu()
            for part in torch.split(stored, sample.CHUNK)
        ]
        scores: NDArray[np.float32] = torch.cat(parts).numpy()
        return scores


def save(folder: Path, config: Config, product: Product) -> None:
    """Write or replace a model folder, all of it in one move.

    Raises:
        SparringError: the disk is full or the folder cannot be written.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in product.networks().state_dict().items()}
    # with more than one key of metadata, safetensors writes them in an order that changes from call to call
    weights = safetensors.torch.save(tensors, metadata={"format": "pt"})
    config = config.model_copy(update={"sha256": hashlib.sha256(weights).hexdigest()})
    with files.new_folder(folder) as temporary:
        files.write(temporary / WEIGHTS, weights)
        files.write_json(temporary / CONFIG, config.model_dump(mode="json"))
        files.write(temporary / CARD, model_card(config.model_dump(), product))
        files.remove(folder)


def load(path: str | Path, device: str = "cpu") -> Model:
    """A model from its folder, or from the folder of the run that made it.

    Weights are read from safetensors, which cannot hold code, and only into the network that this version of Sparring
    builds for `config.json`.

    Args:
        path: a model folder or a run folder.
        device: where its pictures are computed.

    Raises:
        UsageError: there is nothing at `path`, or it is not such a folder, or there is no such device.
        SparringError: the folder is damaged, or made by something else; the message names the file.
    """
    place = find_device(device)
    folder = _model_folder(Path(path))
    config = _read_config(folder / CONFIG)
    tensors = _read_weights(folder / WEIGHTS, config.sha256)
    try:
        with torch.device("meta"), Unfilled():  # no memory for weights that are replaced at once
            game = games.build(config.game, config.spec)
        product = game.product(dict(game.players.items()))
        networks = product.networks()
        _check_shapes(networks, tensors)
    except (RuntimeError, ValueError) as error:
        raise SparringError(f"{folder / WEIGHTS} does not fit {CONFIG} beside it: {error}") from None
    # filled, not replaced: the weights keep the order in memory that training computed with, and so the last digit
    with Unfilled():
        networks.to_empty(device=place)
    networks.load_state_dict(tensors)
    networks.eval().requires_grad_(False)
    return Model(config, product)


class Unfilled(TorchFunctionMode):
    """Draws no weights: for networks without memory, torch would first import its compiler, which takes two seconds.

    It would import parts of it to ask how much memory they want, too. Spectral norm, whose first steps are arithmetic,
    imports it all the same.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Every function of torch as it is, but for those that fill a tensor or ask for memory like that of another."""
        given = kwargs or {}
        if func is nn.init.normal_:
            return args[0] if args else given["tensor"]
        if func is torch.empty_like:
            (like,) = args
            return torch.empty_strided(like.shape, like.stride(), dtype=like.dtype, device=given["device"])
        return func(*args, **given)


def _check_shapes(network: nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    wanted = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    for name in dict.fromkeys([*wanted, *given]):
        if wanted.get(name) != given.get(name):
            raise ValueError(f"{name} should be {wanted.get(name)}, is {given.get(name)}")


def _model_folder(path: Path) -> Path:
    if path.is_file():
        raise UsageError(
            f"{path} is a file: give a model folder ({CONFIG}, {WEIGHTS}) or a run folder; "
            "files of other programs are not loaded, since a pickle can run any code"
        )
    for folder in (path, path / "model"):
        if (folder / CONFIG).is_file():
            return folder
    if (path / "recipe.toml").is_file():
        raise SparringError(f"run {path} has no model yet, since it saved no checkpoint: `sparring resume {path}`")
    if path.is_dir():
        raise UsageError(f"{path} is neither a model folder nor a run folder: it has no {CONFIG}")
    raise UsageError(f"no model or run at {path}: `sparring runs` lists the runs of a folder")


def _read_config(path: Path) -> Config:
    try:
        config = Config.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise SparringError(
            f"{path} is not of this format: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from None
    except (OSError, ValueError) as error:
        raise SparringError(f"cannot read {path}: {error}") from None
    checked, errors = games.check(config.game)
    if errors:
        raise SparringError(f"{path}: {'; '.join(errors)}")
    return config.model_copy(update={"game": checked})


def _read_weights(path: Path, checksum: str) -> dict[str, torch.Tensor]:
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != checksum:
            raise SparringError(f"{path} fails its checksum: it is damaged or was replaced; copy the folder again")
        return safetensors.torch.load(content)
    except (OSError, SafetensorError) as error:
        raise SparringError(f"cannot read {path}: {error}") from None
