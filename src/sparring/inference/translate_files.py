"""Files through a translator, each written whole or not at all."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sparring import files
from sparring.data import pictures
from sparring.data.parallel import silent
from sparring.data.pictures import Whole
from sparring.errors import UsageError
from sparring.games.base import Product
from sparring.games.picture_to_picture import Translation, translation
from sparring.inference import compare, draw, erased, picture_files, translate, video
from sparring.inference.compare import Compare
from sparring.inference.film import Unreadable
from sparring.inference.jobs import Job, lossless

Say = Callable[[str], None]
WHOLE_FRAME = 1 << 21
"""Pixels up to which the frame of a video is translated in one piece: full HD, since in tiles it takes far longer."""


@dataclass(frozen=True)
class Done:
    """What became of the pictures.

    Attributes:
        written: how many pictures were written.
        videos: how many videos.
        skipped: those that were not translated, each with the reason.
    """

    written: int
    videos: int
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class _Way:
    """How each job is done.

    Attributes:
        shipped: the translator.
        to: the domain that is wanted, of models that know several.
        beside: that what goes in and what comes out are written side by side.
        say: is told how far it is.
    """

    shipped: Translation
    to: str | None
    beside: Compare | None
    say: Say


def run(product: Product, jobs: Sequence[Job], say: Say, to: str | None = None, beside: Compare | None = None) -> Done:
    """Translate; what cannot be read or written as such is named and left out.

    Args:
        product: a translator.
        jobs: see `jobs.plan`.
        say: is told how far it is, and what was left out.
        to: the domain that is wanted, of models that know several.
        beside: write what goes in and what comes out side by side.

    Raises:
        UsageError: of two pictures would become maps of one name.
        SparringError: the disk is full or the folder cannot be written.
    """
    way = _Way(translation(product), to, beside, say)
    videos, skipped, places = 0, list[str](), set[Path]()
    if product.spec.map is not None and beside is None:
        jobs = lossless(jobs)
    for number, job in enumerate(jobs, 1):
        try:
            if video.is_video(job.inside):
                _film(way, job)
                videos += 1
                continue
            place, content = _translated(way, job)
            if place in places:
                raise UsageError(f"would be written as {place}, as another picture was: rename one")
        except (UsageError, Unreadable) as error:
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
        places.add(place)
        if number % 100 == 0:
            say(f"translated {number:,} of {len(jobs):,}")
    return Done(len(places), videos, tuple(skipped))


def _translated(way: _Way, job: Job) -> tuple[Path, bytes]:
    shipped, place = way.shipped, job.out
    source = _read(job, shipped)
    drawn = translate.picture(shipped, source.on_white(), way.to, way.say, variant=job.variant, folder=_disk_of(place))
    if way.beside is not None:
        drawn = _compared(way, source, drawn, job, way.beside)
        source = Whole(source.pixels, None, source.profile)
        if place.suffix.lower() == picture_files.ARRAY and not job.chosen:  # this one is to be looked at
            place = place.with_name(f"{place.name}.png")
    elif shipped.spec.map is not None:
        if place.suffix.lower() not in (*picture_files.LOSSLESS, picture_files.ARRAY):
            raise UsageError(f"{place.suffix} changes the numbers of a map of classes: name it {place.stem}.png")
        source = Whole(source.pixels, None, None)  # transparency and colours belong to what went in
    if not job.chosen and not picture_files.can_write(place.suffix):
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


def _disk_of(place: Path) -> Path:
    """The nearest folder that there is: what is kept for a while lies on the disk that was chosen for the result."""
    return next((folder for folder in place.absolute().parents if folder.is_dir()), Path())


def _read(job: Job, shipped: Translation) -> Whole:
    """As the translator takes it: maps as numbers, and what is transparent as the hole that some models fill."""
    with _damage():
        source = picture_files.decoded(job.read(), job.inside, numbers=shipped.inputs.map is not None)
    if source.alpha is None or not erased.takes_holes(shipped):
        return source
    return Whole(erased.with_mask(source, shipped.spec.channels), None, source.profile)


def _compared(way: _Way, source: Whole, drawn: NDArray[Any], job: Job, beside: Compare) -> NDArray[Any]:
    inputs, spec = way.shipped.inputs, way.shipped.spec
    columns = [compare.shown(source.on_white(), inputs), compare.shown(drawn, spec)]
    if beside.targets is not None:
        columns.append(compare.shown(beside.targets.of(job.inside, numbers=spec.map is not None), spec))
    return compare.beside(columns)


def _film(way: _Way, job: Job) -> None:
    if way.beside is not None and way.beside.targets is not None:
        raise UsageError("a video has no true picture to stand beside it: leave --targets out")

    def anew(frame: video.Pixels) -> video.Pixels:
        drawn = translate.picture(way.shipped, frame, way.to, silent, WHOLE_FRAME, job.variant, _disk_of(job.out))
        drawn = draw.shallow(compare.shown(drawn, way.shipped.spec))
        if drawn.shape[2] not in (1, 3):
            raise UsageError(f"what comes out has {drawn.shape[2]} channels, which no video can hold: give pictures")
        return drawn if way.beside is None else compare.beside([frame, drawn])

    with _damage():
        source = job.source or io.BytesIO(job.read())
    video.translate(source, job.out, anew, way.say, job.name)


@contextmanager
def _damage() -> Iterator[None]:
    """What readers of foreign bytes raise, which is whatever they like, in our words."""
    try:
        yield
    except UsageError:
        raise
    except Exception as error:
        raise Unreadable(pictures.explain(error)[0]) from error
