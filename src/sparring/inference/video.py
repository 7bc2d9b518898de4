"""A video through a translator, frame by frame: its size, its times and its sound stay as they are.

Read and written by PyAV (the extra `video`), which is imported only where there is a video. Frames are turned upright
before they are translated. What is held in memory is a frame, and what the encoder looks ahead.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sparring import files
from sparring.data.parallel import Progress
from sparring.errors import UsageError
from sparring.inference import film
from sparring.inference.film import Film, Unreadable

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

Pixels = NDArray[np.uint8]
Draw = Callable[[Pixels], Pixels]
Say = Callable[[str], None]

ENDINGS = (*film.FORMATS, ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".ogv", ".3gp")
EMPTY = "holds no frames: there is nothing to translate"


def is_video(name: str) -> bool:
    """Whether a name ends like a video's.

    >>> is_video("a/b.MP4"), is_video("a/b.png")
    (True, False)
    """
    return name.lower().endswith(ENDINGS)


def check_name(out: Path) -> None:
    """Make sure that a video can be written under a name.

    Raises:
        UsageError: it ends otherwise.
    """
    if out.suffix.lower() not in film.FORMATS:
        raise UsageError(
            f"videos cannot be written as {out.suffix or 'a file without an ending'}: name it {out.stem}.mp4"
        )


def written_as(out: Path) -> Path:
    """The name of what comes out, where nobody chose one.

    >>> written_as(Path("a.avi")).name, written_as(Path("a.mkv")).name
    ('a.avi.mp4', 'a.mkv')
    """
    return out if out.suffix.lower() in film.FORMATS else out.with_name(f"{out.name}.mp4")


def translate(source: Path | BytesIO, out: Path, draw: Draw, say: Say, name: str) -> None:
    """Every frame of a video, drawn anew; the file is there whole or not at all.

    Args:
        source: the video.
        out: see `check_name`.
        draw: from [H, W, 3] to [h, w, 1 or 3], always of the same size.
        say: is told how far it is, and whether sound is left out.
        name: for messages.

    Raises:
        UsageError: PyAV is not installed, or `draw` or the file takes no such frames.
        Unreadable: it is damaged or truncated, or has no frames.
        SparringError: the disk is full or the folder cannot be written.
    """
    check_name(out)
    with files.new_file(out) as unfinished, _damage(), _opened(source) as given, ExitStack() as stack:
        moving, sounds = _moving(given), list(given.streams.audio)
        progress = Progress(f"{name}: frames", _count(moving), say)
        written: Film | None = None  # only the first frame tells its size; sound waits until then
        waiting: list[av.Packet[Any]] = []
        for packet in given.demux(moving, *sounds):
            if packet.stream is not moving:
                waiting.append(packet)
            else:
                for frame in cast("list[av.VideoFrame]", packet.decode()):
                    drawn = draw(_upright(frame))
                    if written is None:
                        made = stack.enter_context(film.created(unfinished, out))
                        written = film.begun(made, out, moving, sounds, frame, drawn, say)
                    written.show(frame, drawn)
                    progress.at(written.shown)
            while written is not None and waiting:
                written.hear(waiting.pop(0))
        if written is None:
            raise Unreadable(EMPTY)
        written.finish()


@contextmanager
def _damage() -> Iterator[None]:
    """What the library says of a file, in our words."""
    av = film.library()
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):  # of the disk, not of the video
            raise
        if isinstance(error, EOFError):
            raise Unreadable(EMPTY) from error
        raise Unreadable(f"damaged, or its end is missing ({error.strerror})") from error


def _opened(source: Path | BytesIO) -> "InputContainer":
    av = film.library()
    place = str(source) if isinstance(source, Path) else source
    try:
        opened: InputContainer = av.open(place, options={"format_whitelist": film.READ})
    except av.ArgumentError as error:
        raise Unreadable("is no video of a sort that is read, such as MP4, Matroska or AVI") from error
    except OSError as error:
        if isinstance(error, av.FFmpegError) and error.errno is None:
            raise
        raise Unreadable(f"cannot be read: {error.strerror or error}") from error
    return opened


def _moving(given: "InputContainer") -> "av.VideoStream":
    """The stream of pictures that is no cover."""
    covers = film.library().stream.Disposition.attached_pic
    for stream in given.streams.video:
        if not stream.disposition & covers:
            stream.thread_type = "AUTO"
            return stream
    raise Unreadable("holds no moving pictures: there is nothing to translate")


def _count(moving: "av.VideoStream") -> int:
    """About how many frames there are."""
    end = film.promised(moving)
    return moving.frames or (0 if end is None else round(end * film.rate(moving)))


def _upright(frame: "av.VideoFrame") -> Pixels:
    """[H, W, 3], turned as a player would turn it."""
    pixels: Pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    return np.ascontiguousarray(np.rot90(pixels, film.quarters(frame)))
