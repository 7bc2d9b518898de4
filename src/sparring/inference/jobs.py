"""What is to be translated, and where to: a picture or video, a folder, a glob or a zip, and no two in one place."""

import glob
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sparring.data.recognise import open_store
from sparring.data.sources import printable
from sparring.data.stores import may_be_picture
from sparring.errors import UsageError
from sparring.inference import picture_files, video
from sparring.inference.compare import Compare, Targets


@dataclass(frozen=True)
class Job:
    """One translation of a picture, or of a video.

    Attributes:
        name: for messages.
        read: the bytes of its file.
        out: where what comes out shall lie.
        source: the file itself; None of one that is packed.
        chosen: whether a person chose the name of `out`.
        inside: the name within the folder that was given.
        variant: which of its translations, of models that know many.
    """

    name: str
    read: Callable[[], bytes]
    out: Path
    source: Path | None = None
    chosen: bool = False
    inside: str = ""
    variant: int = 0


def plan(inputs: Sequence[Path], out: Path, variants: int | None = None, beside: Compare | None = None) -> list[Job]:
    """What is to be done; nothing is read yet but lists of names.

    Args:
        inputs: pictures, `.npy` arrays, videos, folders, zips, or globs.
        out: a file for a single one, unless it is a folder; a folder for more.
        variants: translations of each, `NAME-1.png`, `NAME-2.png`, ...; None: one, `NAME.png`.
        beside: that they shall be compared.

    Raises:
        UsageError: there is nothing to translate, or it would be written over what is read, or inside of it.
    """
    true = None if beside is None else beside.targets
    found = [path for given in inputs for path in _expanded(given)]
    named = len(found) == 1 and found[0] == inputs[0]  # a glob may have found more, and next time does
    if named and found[0].is_file() and _is_single(found[0]):
        place = out / _free(found[0].name) if out.is_dir() else out
        if not out.is_dir() and not _is_single(out):
            raise UsageError(f"{out}: give a folder that is there, or a name that ends like a picture's, such as .png")
        if video.is_video(found[0].name):
            video.check_name(place)
        return apart(_varied([_job(found[0], place, chosen=not out.is_dir())], variants), true)
    if out.is_file():
        raise UsageError(f"{out}: is a file, and several pictures are to be translated: give a folder")
    if true is not None and true.only is not None:
        raise UsageError(f"--targets {true.path}: one picture, and several are to be translated: give a folder of them")
    jobs = [job for path in found for job in _jobs(path, out)]
    if not jobs:
        raise UsageError(f"{inputs[0]}: holds no pictures to translate")
    return apart(_varied(jobs, variants), true)


def passed_over(inputs: Sequence[Path]) -> list[str]:
    """Files in folders and zips that are neither pictures of a known kind nor videos."""
    stores = [open_store(path) for given in inputs for path in _expanded(given)]
    return [name for store in stores if store is not None for name in store.names if not _is_single(Path(name))]


def lossless(jobs: Sequence[Job]) -> list[Job]:
    """As pictures that are to become maps of classes: as PNG, but for files whose form changes no number.

    Raises:
        UsageError: two would be written in one place.
    """
    kept = (*picture_files.LOSSLESS, picture_files.ARRAY)
    renamed = [
        job
        if job.chosen or job.out.suffix.lower() in kept or video.is_video(job.inside)
        else replace(job, out=job.out.with_suffix(".png"))
        for job in jobs
    ]
    return apart(renamed, None)


def apart(jobs: list[Job], true: Targets | None) -> list[Job]:
    """The same, if nothing would be written over what is read, and no two in one place.

    Raises:
        UsageError: something would.
    """
    place, count = Counter(job.out for job in jobs).most_common(1)[0]
    if count > 1:
        both = " and ".join([job.name for job in jobs if job.out == place][:2])
        raise UsageError(f"{both} would be written as {place}: translate them one by one")
    sources = {job.source.resolve() for job in jobs if job.source is not None}
    sources |= {file.resolve() for file in (true.files() if true is not None else ())}
    over = next((job.out for job in jobs if job.out.resolve() in sources), None)
    if over is not None:
        raise UsageError(f"{over}: would be written over its own source or another one: give another name or folder")
    return jobs


def _varied(jobs: list[Job], variants: int | None) -> list[Job]:
    """Each so often, with numbered names; different names stay different."""
    if variants is None:
        return jobs
    return [
        replace(job, out=job.out.with_name(f"{job.out.stem}-{number + 1}{job.out.suffix}"), variant=number)
        for job in jobs
        for number in range(variants)
    ]


def _free(name: str) -> str:
    """The name of what comes out of a file of that name, where nobody chose one."""
    return video.written_as(Path(name)).as_posix() if video.is_video(name) else name


def _expanded(given: Path) -> Iterator[Path]:
    if given.exists():
        yield given
        return
    names = sorted(glob.glob(str(given), recursive=True)) if glob.has_magic(str(given)) else []  # noqa: PTH207, as given
    found = [path for path in map(Path, names) if path.is_dir() or _is_single(path) or path.suffix.lower() == ".zip"]
    if not found:
        raise UsageError(f"nothing at {given}: give a picture, a folder, a zip or a glob")
    yield from found


def _is_single(path: Path) -> bool:
    return may_be_picture(path.name) or video.is_video(path.name)


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
