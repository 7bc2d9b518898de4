"""Files through a translator: a picture or video, a folder, a glob or a zip, each written whole or not at all."""

import glob
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sparring import files
from sparring.data import pictures
from sparring.data.parallel import silent
from sparring.data.pictures import Whole
from sparring.data.recognise import open_store
from sparring.data.sources import printable
from sparring.data.stores import is_picture
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.games.picture_to_picture import translation
from sparring.inference import compare, erased, picture_files, translate, video
from sparring.inference.compare import Targets
from sparring.inference.film import Unreadable

Say = Callable[[str], None]
WHOLE_FRAME = 1 << 21
"""Pixels up to which the frame of a video is translated in one piece: full HD, since in tiles it takes far longer."""


@dataclass(frozen=True)
class Job:
    """One picture, or one video.

    Attributes:
        name: for messages.
        read: the bytes of its file.
        out: where what comes out shall lie.
        source: the file itself; None of one that is packed.
        chosen: whether a person chose the name of `out`.
        inside: the name within the folder that was given.
    """

    name: str
    read: Callable[[], bytes]
    out: Path
    source: Path | None = None
    chosen: bool = False
    inside: str = ""


@dataclass(frozen=True)
class Compare:
    """That what goes in and what comes out shall be written side by side.

    Attributes:
        targets: what should have come out, to stand beside them.
    """

    targets: Targets | None = None


@dataclass(frozen=True)
class Done:
    """What became of the pictures.

    Attributes:
        written: how many pictures were translated.
        videos: how many videos.
        skipped: those that were not, each with the reason.
    """

    written: int
    videos: int
    skipped: tuple[str, ...]


def plan(inputs: Sequence[Path], out: Path, beside: Compare | None = None) -> list[Job]:
    """What is to be done; nothing is read yet but lists of names.

    Args:
        inputs: pictures, `.npy` arrays, videos, folders, zips, or globs.
        out: a file for a single one, unless it is a folder; a folder for more.
        beside: that they shall be compared.

    Raises:
        UsageError: there is nothing to translate, or it would be written over what is read, or inside of it.
    """
    true = None if beside is None else beside.targets
    found = [path for given in inputs for path in _expanded(given)]
    if len(found) == 1 and found[0].is_file() and _is_single(found[0]):
        place = out / _free(found[0].name) if out.is_dir() else out
        if not out.is_dir() and not _is_single(out):
            raise UsageError(f"{out}: give a folder that is there, or a name that ends like a picture's, such as .png")
        if video.is_video(found[0].name):
            video.check_name(place)
        return _apart([_job(found[0], place, chosen=not out.is_dir())], true)
    if out.is_file():
        raise UsageError(f"{out}: is a file, and several pictures are to be translated: give a folder")
    if true is not None and true.only is not None:
        raise UsageError(f"--targets {true.path}: one picture, and several are to be translated: give a folder of them")
    jobs = [job for path in found for job in _jobs(path, out)]
    out_of, count = Counter(job.out for job in jobs).most_common(1)[0] if jobs else (out, 0)
    if count > 1:
        raise UsageError(f"{count} pictures would be written as {out_of}: translate their folders one by one")
    if not jobs:
        raise UsageError(f"{inputs[0]}: holds no pictures to translate")
    return _apart(jobs, true)


def _free(name: str) -> str:
    """The name of what comes out of a file of that name, where nobody chose one."""
    return video.written_as(Path(name)).as_posix() if video.is_video(name) else name


def _apart(jobs: list[Job], true: Targets | None) -> list[Job]:
    """The same, if nothing would be written over what is read."""
    sources = {job.source.resolve() for job in jobs if job.source is not None}
    sources |= {file.resolve() for file in (true.files() if true is not None else ())}
    over = next((job.out for job in jobs if job.out.resolve() in sources), None)
    if over is not None:
        raise UsageError(f"{over}: would be written over its own source or another one: give another name or folder")
    return jobs


def run(product: Product, jobs: Sequence[Job], say: Say, to: str | None = None, beside: Compare | None = None) -> Done:
    """Translate; what cannot be read or written as such is named and left out.

    Args:
        product: a translator.
        jobs: see `plan`.
        say: is told how far it is, and what was left out.
        to: the domain that is wanted, of models that know several.
        beside: write what goes in and what comes out side by side.

    Raises:
        SparringError: the disk is full or the folder cannot be written.
    """
    written, videos, skipped = 0, 0, []
    for number, job in enumerate(jobs, 1):
        try:
            if video.is_video(job.inside):
                _film(product, job, say, to, beside)
                videos += 1
                continue
            place, content = _translated(product, job, say, to, beside)
        except (UsageError, Unreadable) as error:
            skipped.append(f"{job.name}: {error}")
            say(skipped[-1])
            continue
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise files.unwritable(place, error) from error
        files.write(place, content)
        written += 1
        if number % 100 == 0:
            say(f"translated {number:,} of {len(jobs):,}")
    return Done(written, videos, tuple(skipped))


def _expanded(given: Path) -> Iterator[Path]:
    if given.exists():
        yield given
        return
    found = sorted(glob.glob(str(given), recursive=True)) if glob.has_magic(str(given)) else []  # noqa: PTH207, as given
    if not found:
        raise UsageError(f"nothing at {given}: give a picture, a folder, a zip or a glob")
    yield from map(Path, found)


def _is_single(path: Path) -> bool:
    return is_picture(path.name) or path.suffix.lower() == picture_files.ARRAY or video.is_video(path.name)


def _job(path: Path, out: Path, chosen: bool = False) -> Job:
    return Job(printable(str(path)), path.read_bytes, out, path, chosen, path.name)


def _jobs(path: Path, out: Path) -> Iterator[Job]:
    if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
        raise UsageError(f"{out}: lies inside {path}, so it would be translated again next time: give another folder")
    store = open_store(path)
    if store is None:
        if not _is_single(path):
            raise UsageError(f"{path}: is no picture, folder or zip")
        yield _job(path, out / _free(path.name))
        return
    for name in store.names:
        if _is_single(Path(name)):
            source = path / name if path.is_dir() else None
            yield Job(printable(f"{path}/{name}"), partial(store.read, name), out / _free(name), source, inside=name)


def _translated(product: Product, job: Job, say: Say, to: str | None, beside: Compare | None) -> tuple[Path, bytes]:
    try:
        content = job.read()
        source = picture_files.decoded(content, job.inside)
    except (UsageError, MemoryError):
        raise
    except Exception as error:  # decoders of foreign bytes raise whatever they like
        raise Unreadable(pictures.explain(error)[0]) from error
    shipped = translation(product)
    if source.alpha is not None and erased.takes_holes(shipped):
        source = Whole(erased.with_mask(source, shipped.spec.channels), None, source.profile)
    drawn, place = translate.picture(product, source.on_white(), to, say), job.out
    if beside is not None:
        drawn, source = _compared(source, drawn, job, beside), Whole(source.pixels, None, source.profile)
        if place.suffix.lower() == picture_files.ARRAY and not job.chosen:  # this one is to be looked at
            place = place.with_name(f"{place.name}.png")
    if not picture_files.fits(drawn, place):
        if job.chosen:
            what = f"{drawn.shape[2]} channels of {drawn.dtype.itemsize * 8} bits"
            raise UsageError(f"{what} do not fit into {place.suffix}: name it {place.stem}.npy")
        place = place.with_name(f"{place.name}{picture_files.ARRAY}")
    try:
        return place, picture_files.encoded(drawn, source, place)
    except (OSError, ValueError, OverflowError) as error:  # such as more pixels than the format can hold
        raise Unreadable(f"cannot be written as {place.suffix}: {pictures.explain(error)[0]}") from error


def _compared(source: Whole, drawn: NDArray[Any], job: Job, beside: Compare) -> NDArray[Any]:
    true = [] if beside.targets is None else [beside.targets.of(job.inside)]
    return compare.beside([source.on_white(), drawn, *true])


def _film(product: Product, job: Job, say: Say, to: str | None, beside: Compare | None) -> None:
    if beside is not None and beside.targets is not None:
        raise UsageError("a video has no true picture to stand beside it: leave --targets out")

    def draw(frame: video.Pixels) -> video.Pixels:
        drawn = compare.shallow(translate.picture(product, frame, to, silent, WHOLE_FRAME))
        if drawn.shape[2] not in (1, 3):
            raise UsageError(f"what comes out has {drawn.shape[2]} channels, which no video can hold: give pictures")
        return drawn if beside is None else compare.beside([frame, drawn])

    video.translate(job.source or io.BytesIO(job.read()), job.out, draw, say, job.name)
