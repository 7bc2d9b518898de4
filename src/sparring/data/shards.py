"""The samples of a WebDataset: in its tars, files that share all of their name before the first dot belong together.

Of each sample one picture is read, and its class: from a `.cls` file (a number or a name), or from `label` or `class`
in a `.json` file. Without these, folders within the tars are classes, as they are anywhere else.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sparring.data.folders import SPLITS, PictureSource, arranged, left_alone, of_split, open_pictures
from sparring.data.metadata import labels_of
from sparring.data.npy import pictures_among
from sparring.data.sources import printable
from sparring.data.stores import base, is_picture
from sparring.data.tar_index import ending_of
from sparring.data.tars import Tars
from sparring.errors import SparringError


def open_shards(store: Tars, split: str) -> PictureSource:
    """The pictures in tars, in the order in which they lie there, with their classes where samples state them.

    Tars whose names say `train`, `val` or `test`, all of them, are these parts of the set.

    Raises:
        SparringError: there are no pictures, or a label cannot be read or is none; the message names it.
        UsageError: the set has no such split.
    """
    pictures = [name for name in store.names if is_picture(name)] or pictures_among(store)
    if not pictures:
        return open_pictures(store, split)  # says what there is instead
    samples: dict[str, list[str]] = {}
    for name in pictures:
        samples.setdefault(_key(name), []).append(name)
    kind, labels = _label_files(store)
    alone = [name for key, name in labels.items() if key not in samples]
    unusable = {found[0]: f"one sample with {_both(found)}" for found in samples.values() if len(found) > 1}
    store = replace(store, unusable=unusable | dict.fromkeys(alone, "a label without a picture"))
    files = [found[0] for found in samples.values()] + alone
    parts = _parts(store)
    places = [f"{parts[store.shard(name)]}/{store.inside(name)}" if parts else store.inside(name) for name in files]
    source = arranged(store, files, places, split)
    many = "1 tar" if len(store.tars) == 1 else f"{len(store.tars):,} tars"
    if not kind:
        return replace(source, layout=f"{many}; {source.layout}")
    used = [labels[key] for key in map(_key, files) if key in labels]
    _check(store, used)
    values = [store.labels.get(labels.get(_key(name), "")) for name in files]
    classes, numbers = labels_of(values, files, str(store.path))  # of all parts, so that a class has one number
    assert numbers is not None
    row = {name: row for row, name in enumerate(files)}
    layout = f"{many} of samples: {len(classes)} classes by .{kind}{of_split(source.splits, split)}"
    return replace(
        source,
        layout=layout + left_alone(store, len({*files, *used})),
        classes=classes,
        labels=numbers[[row[name] for name in source.files]],
    )


def _key(name: str) -> str:
    """What the files of a sample have in common.

    >>> _key("train-0000.tar/cats/000017.seg.png")
    'train-0000.tar/cats/000017'
    """
    last = base(name)
    return name.removesuffix(last) + last.partition(".")[0]


def _label_files(store: Tars) -> tuple[str, dict[str, str]]:
    """The ending of files that state classes, and that of each sample; empty where there are none."""
    for kind in ("cls", "json"):
        found = [name for name in [*store.labels, *store.unclear] if ending_of(name) == kind]
        if any(store.labels.get(name) is not None for name in found):
            stating = [name for name in found if name in store.unclear or store.labels[name] is not None]
            return kind, {_key(name): name for name in stating}
    return "", {}


def _check(store: Tars, names: Sequence[str]) -> None:
    wrong = [name for name in names if name in store.unclear]
    if wrong:
        others = f" (and {len(wrong) - 1:,} more like it)" if len(wrong) > 1 else ""
        raise SparringError(f"{store.path}: {printable(wrong[0])}: {store.unclear[wrong[0]]}{others}: correct it")


def _parts(store: Tars) -> Mapping[str, str]:
    """The part that the name of each tar says; empty where some say none, or where only one of a kind was asked for.

    A folder with nothing but a test part is no set to train on; a test part that was asked for by its name is.
    """
    parts = {shard: part for shard in store.shards if (part := part_of(shard))}
    if len(parts) < len(store.shards) or (len(set(parts.values())) == 1 and not store.path.is_dir()):
        return {}
    return parts


def part_of(shard: str) -> str:
    """The part that the name of a tar says, perhaps by its folder; empty where it says none, or several.

    >>> part_of("imagenet-train-000012.tar"), part_of("val/000.tar"), part_of("trains-0.tar"), part_of("train-test.tar")
    ('train', 'val', '', '')
    """
    said = {SPLITS[word] for word in re.split(r"[^a-z]+", shard.lower()) if word in SPLITS}
    return said.pop() if len(said) == 1 else ""


def _both(names: Sequence[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"two pictures, {printable(base(names[0]))} and {printable(base(names[1]))}{more}"
