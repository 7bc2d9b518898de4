"""Pictures on disk through a translator: one, a folder, a glob or a zip, each written whole or not at all."""

import glob
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sparring import files
from sparring.data import pictures
from sparring.data.pictures import Whole
from sparring.data.recognise import open_store
from sparring.data.sources import printable
from sparring.data.stores import is_picture
from sparring.errors import SparringError, UsageError
from sparring.games.base import Product
from sparring.games.picture_to_picture import translation
from sparring.inference import translate

Say = Callable[[str], None]
ARRAY = ".npy"
DEEP = (".png", ".tif", ".tiff")
"""Files that hold 16 bits of one channel, and transparency."""
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")
QUALITY = 95
"""Of JPEG and WebP, where pictures came as such."""


@dataclass(frozen=True)
class Job:
    """One picture.

    Attributes:
        name: for messages.
        read: the bytes of its file.
        out: where what comes out shall lie.
        source: the file itself; None of one that is packed.
        chosen: whether a person chose the name of `out`.
        variant: which of its translations, of models that know many.
    """

    name: str
    read: Callable[[], bytes]
    out: Path
    source: Path | None = None
    chosen: bool = False
    variant: int = 0


@dataclass(frozen=True)
class Done:
    """What became of the pictures.

    Attributes:
        written: how many were translated.
        skipped: those that were not, each with the reason.
    """

    written: int
    skipped: tuple[str, ...]


def plan(inputs: Sequence[Path], out: Path, variants: int | None = None) -> list[Job]:
    """What is to be done; nothing is read yet but lists of names.

    Args:
        inputs: pictures, `.npy` arrays, folders, zips, or globs.
        out: a file for a single picture, unless it is a folder; a folder for more.
        variants: translations of each, `NAME-1.png`, `NAME-2.png`, ...; None: one, `NAME.png`.

    Raises:
        UsageError: there is nothing to translate, or it would be written over what is read, or inside of it.
    """
    found = [path for given in inputs for path in _expanded(given)]
    if len(found) == 1 and found[0].is_file() and _is_single(found[0]):
        place = out / found[0].name if out.is_dir() else out
        if not out.is_dir() and not _is_single(out):
            raise UsageError(f"{out}: give a folder that is there, or a name that ends like a picture's, such as .png")
        return _apart(_varied([_job(found[0], place, chosen=not out.is_dir())], variants))
    if out.is_file():
        raise UsageError(f"{out}: is a file, and several pictures are to be translated: give a folder")
    jobs = [job for path in found for job in _jobs(path, out)]
    if not jobs:
        raise UsageError(f"{inputs[0]}: holds no pictures to translate")
    return _apart(_varied(jobs, variants))


def _varied(jobs: list[Job], variants: int | None) -> list[Job]:
    """Each so often, with numbered names; different names stay different."""
    if variants is None:
        return jobs
    return [
        replace(job, out=job.out.with_name(f"{job.out.stem}-{number + 1}{job.out.suffix}"), variant=number)
        for job in jobs
        for number in range(variants)
    ]


def _lossless(jobs: Sequence[Job]) -> list[Job]:
    """Maps of classes are written as PNG, unless their files are to have another form that changes no number."""
    kept = (*LOSSLESS, ARRAY)
    renamed = [
        job if job.chosen or job.out.suffix.lower() in kept else replace(job, out=job.out.with_suffix(".png"))
        for job in jobs
    ]
    return _apart(renamed)


def _apart(jobs: list[Job]) -> list[Job]:
    """The same, if nothing would be written over what is read, and no two in one place."""
    place, count = Counter(job.out for job in jobs).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{count} pictures would be written as {place}: translate their folders one by one")
    sources = {job.source.resolve() for job in jobs if job.source is not None}
    over = next((job.out for job in jobs if job.out.resolve() in sources), None)
    if over is not None:
        raise UsageError(f"{over}: would be written over its own source or another one: give another name or folder")
    return jobs


def run(product: Product, jobs: Sequence[Job], say: Say, to: str | None = None) -> Done:
    """Translate; a picture that cannot be read or written as such is named and left out.

    Args:
        product: a translator.
        jobs: see `plan`.
        say: is told how far it is, and what was left out.
        to: the domain that is wanted, of models that know several.

    Raises:
        UsageError: of two pictures would become maps of one name.
        SparringError: the disk is full or the folder cannot be written.
    """
    written, skipped = 0, list[str]()
    jobs = _lossless(jobs) if product.spec.map is not None else jobs
    for number, job in enumerate(jobs, 1):
        try:
            place, content = _translated(product, job, say, to)
        except (UsageError, _Unreadable) as error:
            line = f"{job.name}: {error}"
            if skipped[-1:] != [line]:  # once for all variants
                skipped.append(line)
                say(line)
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise files.unwritable(place, error) from error
        files.write(place, content)
        written += 1
        if number % 100 == 0:
            say(f"translated {number:,} of {len(jobs):,}")
    return Done(written, tuple(skipped))


class _Unreadable(SparringError):
    """What is wrong with a file."""


def _expanded(given: Path) -> Iterator[Path]:
    if given.exists():
        yield given
        return
    found = sorted(glob.glob(str(given), recursive=True)) if glob.has_magic(str(given)) else []  # noqa: PTH207, as given
    if not found:
        raise UsageError(f"nothing at {given}: give a picture, a folder, a zip or a glob")
    yield from map(Path, found)


def _is_single(path: Path) -> bool:
    return is_picture(path.name) or path.suffix.lower() == ARRAY


def _job(path: Path, out: Path, chosen: bool = False) -> Job:
    return Job(printable(str(path)), path.read_bytes, out, path, chosen)


def _jobs(path: Path, out: Path) -> Iterator[Job]:
    if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
        raise UsageError(f"{out}: lies inside {path}, so it would be translated again next time: give another folder")
    store = open_store(path)
    if store is None:
        if not _is_single(path):
            raise UsageError(f"{path}: is no picture, folder or zip")
        yield _job(path, out / path.name)
        return
    for name in store.names:
        if is_picture(name) or name.lower().endswith(ARRAY):
            source = path / name if path.is_dir() else None
            yield Job(printable(f"{path}/{name}"), partial(store.read, name), out / name, source)


def _translated(product: Product, job: Job, say: Say, to: str | None) -> tuple[Path, bytes]:
    try:
        content = job.read()
        source = _decoded(content, job.name, translation(product).inputs.map is not None)
    except (UsageError, MemoryError):
        raise
    except Exception as error:  # decoders of foreign bytes raise whatever they like
        raise _Unreadable(pictures.explain(error)[0]) from error
    drawn = translate.picture(product, source.pixels, to, say, variant=job.variant)
    place = job.out
    if product.spec.map is not None:
        if place.suffix.lower() not in (*LOSSLESS, ARRAY):
            raise UsageError(f"{place.suffix} changes the numbers of a map of classes: name it {place.stem}.png")
        source = replace(source, alpha=None, profile=None)  # they belong to what went in
    if not _fits(drawn, place):
        if job.chosen:
            what = f"{drawn.shape[2]} channels of {drawn.dtype.itemsize * 8} bits"
            raise UsageError(f"{what} do not fit into {place.suffix}: name it {place.stem}.npy")
        place = place.with_name(f"{place.name}{ARRAY}")
    try:
        return place, _encoded(drawn, source, place)
    except (OSError, ValueError, OverflowError) as error:  # such as more pixels than the format can hold
        raise _Unreadable(f"cannot be written as {place.suffix}: {pictures.explain(error)[0]}") from error


def _fits(pixels: NDArray[Any], out: Path) -> bool:
    """Whether a file of that name can hold such a picture without loss of channels or depth."""
    ending, channels, deep = out.suffix.lower(), pixels.shape[2], pixels.dtype == np.uint16
    if ending == ARRAY:
        return True
    return channels == 1 and ending in DEEP if deep else channels in (1, 3)


def _decoded(content: bytes, name: str, numbers: bool) -> Whole:
    if not name.lower().endswith(ARRAY):
        return pictures.decode_whole(io.BytesIO(content), numbers)
    array = np.load(io.BytesIO(content), allow_pickle=False)
    array = array.astype(array.dtype.newbyteorder("="))
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3:
        raise ValueError(f"an array of shape {array.shape}: a picture is [height, width, channels]")
    return Whole(array, None, None)


def _encoded(pixels: NDArray[Any], source: Whole, out: Path) -> bytes:
    """In the format that the name says, with the transparency and the profile of the source where it can hold them."""
    buffer, ending = io.BytesIO(), out.suffix.lower()
    if ending == ARRAY:
        np.save(buffer, pixels)
        return buffer.getvalue()
    channels = pixels.shape[2]
    image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    if source.alpha is not None and pixels.dtype == np.uint8 and ending in (*DEEP, ".webp"):
        image.putalpha(Image.fromarray(source.alpha))
    Image.init()
    kind = Image.registered_extensions().get(ending)
    if kind not in Image.SAVE or kind == "ICO":  # icons are made smaller
        raise UsageError(
            f"pictures cannot be written as {ending or 'a file without an ending'}: name it {out.stem}.png"
        )
    # bytes 16 to 19 of a profile say of which colours it is
    of_these = source.profile is not None and source.profile[16:20] == (b"GRAY" if channels == 1 else b"RGB ")
    options = {"icc_profile": source.profile} if of_these else {}
    quality = {} if ending in LOSSLESS else {"quality": QUALITY}
    image.save(buffer, kind, **options, **quality)
    return buffer.getvalue()
