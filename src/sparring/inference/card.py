"""The model card: README.md of a model folder, in the layout that model hubs show."""

from collections.abc import Mapping, Sequence
from typing import Any

from sparring.data.spec import Spec
from sparring.games.base import Product, Sampler
from sparring.games.noise_to_image import CLASS
from sparring.games.picture_to_picture import Translation, translation
from sparring.nn.latents import Code

_CARD = """---
library_name: sparring
tags: [gan, image-generation, {game}]
---

# {recipe}: {what}

A generator trained with [Sparring](https://pypi.org/project/sparring/) {version}, game `{game}`, recipe `{recipe}`,
seed {seed}.

| | |
| --- | --- |
| makes | {what} |
| from | {noise} numbers, {distribution}{codes} |
| trained on | {data} |
| real items shown | {images:,} |
| parameters | {parameters:,} |

## Use

```python
import sparring

model = sparring.load("path/to/this/folder")
{things} = model.sample(16, seed=1)  # {dtype} [16, {height}, {width}, {channels}]{one_class}
```

or `sparring sample path/to/this/folder -n 16 --seed 1 --out {out}`. Number i depends on the seed and on i alone.
{classifier}
## Limits

It draws what it was trained on, with its gaps and its bias, and may repeat some of it. Its licence is yours to choose,
within what the licence of the training data allows.
"""

_TRANSLATION = """---
library_name: sparring
tags: [gan, image-to-image, {game}]
---

# {recipe}: {inputs} to {what}

A translator trained with [Sparring](https://pypi.org/project/sparring/) {version}, game `{game}`, recipe `{recipe}`,
seed {seed}.

| | |
| --- | --- |
| takes | {inputs}; any other size from 8 pixels a side |
| makes | {what}; as large as what goes in{domains}{variants} |
| trained on | {data} |
| real items shown | {images:,} |
| parameters | {parameters:,} |

## Use

```python
import sparring

model = sparring.load("path/to/this/folder")
picture = model.translate(pixels{to})  # {depth} [height, width, {input_channels}] to [height, width, {channels}]
{another}```

## Limits

It makes of a picture what it was shown, with the gaps and the bias of its training pictures, and invents what the
source does not say. Its licence is yours to choose, within what the licence of the training data allows.
"""

_CLASSIFIER = """
## The classifier

Beside the generator there is what this game is played for: a classifier of {kind} into {count} classes ({names}).

```python
scores = model.classify({kind})  # of {kind} like the above; float32 [16, {count}], each row adds up to 1
model.config.spec.classes  # what the columns are
```

or `sparring classify path/to/this/folder my-{kind} --out labels.csv`.
"""
_ONE_CLASS = """
of_one_class = model.sample(16, seed=1, label={label!r})  # without it {otherwise}"""
_ANOTHER = "another = model.translate(pixels, variant=1)  # any number from 0 up; 0 is the one above\n"
MOST_NAMES = 12


def model_card(config: Mapping[str, Any], product: Product) -> str:
    """The card of a model, as Markdown."""
    return (
        _of_sampler(config, product) if isinstance(product, Sampler) else _of_translation(config, translation(product))
    )


def _pictures(spec: Spec) -> str:
    if spec.map is not None:
        classes = f"{len(spec.map.values)} classes ({_names([*map(str, spec.map.values)])})"
        return f"maps of {classes}, {spec.width} x {spec.height} pixels"
    kind = {1: "grey", 3: "colour"}.get(spec.channels, f"{spec.channels}-channel")
    return f"{kind} pictures, {spec.width} x {spec.height} pixels, {spec.bits} bits"


def _of_translation(config: Mapping[str, Any], product: Translation) -> str:
    spec = product.spec
    inputs = spec.inputs or spec
    return _TRANSLATION.format(
        game=config["game"]["name"],
        recipe=config["recipe"],
        version=config["sparring"],
        seed=config["seed"],
        data=config["data"],
        images=config["images"],
        inputs=_pictures(inputs),
        to="".join(f", to={domain!r}" for domain in product.domains[:1]),
        another=_ANOTHER if product.latent else "",
        variants=f"; many of each, by {product.latent.noise} numbers, N(0, 1)" if product.latent else "",
        domains=f"; one of: {_names(product.domains)}" if product.domains else "",
        what=_pictures(spec),
        depth={8: "uint8", 16: "uint16", 32: "float32"}[inputs.bits],
        input_channels=inputs.stored_channels,
        channels=spec.stored_channels,
        parameters=sum(parameter.numel() for parameter in product.generator.parameters()),
    )


def _of_sampler(config: Mapping[str, Any], product: Sampler) -> str:
    spec, latent = product.spec, product.latent
    pictures = _pictures(spec)
    return _CARD.format(
        classifier="" if product.classifier is None else _classifier(spec),
        game=config["game"]["name"],
        recipe=config["recipe"],
        what="points of the plane" if spec.points else pictures,
        version=config["sparring"],
        seed=config["seed"],
        noise=latent.noise,
        codes="".join(f"; {code.name}: {_values(code)}" for code in latent.codes),
        one_class="".join(_one_class(code) for code in latent.codes if code.name == CLASS),
        distribution="N(0, 1)" if latent.distribution == "normal" else "uniform in [-1, 1]",
        data=config["data"],
        images=config["images"],
        parameters=sum(parameter.numel() for parameter in product.generator.parameters()),
        things="points" if spec.points else "pictures",
        out="points.npz" if spec.points else "pictures",
        dtype={8: "uint8", 16: "uint16", 32: "float32"}[spec.bits],
        height=spec.height,
        width=spec.width,
        channels=spec.channels,
    )


def _one_class(code: Code) -> str:
    otherwise = "the classes take turns" if code.kind == "one-hot" else "classes are drawn at random"
    return _ONE_CLASS.format(label=code.values[0], otherwise=otherwise)


def _values(code: Code) -> str:
    return f"one of {len(code.values)} ({_names(code.values)})" if code.values else "uniform in [-1, 1]"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")


def _classifier(spec: Spec) -> str:
    kind = "points" if spec.points else "pictures"
    return _CLASSIFIER.format(kind=kind, count=len(spec.classes), names=_names(spec.classes))
