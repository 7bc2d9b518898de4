"""A video through a translator, frame by frame: its size, its times and its sound stay as they are.

Read and written by PyAV (the extra `video`), which is imported only where there is a video. Frames are turned upright
before they are translated. What is held in memory is a frame, and what the encoder looks ahead.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sparring import files
from sparring.data.parallel import Progress
from sparring.data.prepare import with_channels
from sparring.errors import SparringError, UsageError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer, OutputContainer

Pixels = NDArray[np.uint8]
Draw = Callable[[Pixels], Pixels]
Say = Callable[[str], None]

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""What can be written, by the ending of its name."""
ENDINGS = (*FORMATS, ".avi", ".mpg", ".mpeg", ".ts", ".wmv", ".flv", ".ogv", ".3gp")
ENCODERS = (
    ("libx264", {"crf": "18"}),
    ("libvpx-vp9", {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
)
"""The first that is there and that fits the file is taken; the quality is one at which losses are hard to see."""
MISSING = Fraction(1, 4)
"""Seconds, or two frames if that is more, by which a video may be shorter than it says and still count as whole."""
EMPTY = "holds no frames: there is nothing to translate"
_RGB, _BT709, _LIMITED = 0, 1, 1  # of colours, as the standards number them


class Unreadable(SparringError):
    """What is wrong with a video."""


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
    if out.suffix.lower() not in FORMATS:
        raise UsageError(
            f"videos cannot be written as {out.suffix or 'a file without an ending'}: name it {out.stem}.mp4"
        )


def written_as(out: Path) -> Path:
    """The name of what comes out, where nobody chose one.

    >>> written_as(Path("a.avi")).name, written_as(Path("a.mkv")).name
    ('a.avi.mp4', 'a.mkv')
    """
    return out if out.suffix.lower() in FORMATS else out.with_name(f"{out.name}.mp4")


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
        film: _Film | None = None  # only its first frame tells its size; sound waits until then
        waiting: list[av.Packet[Any]] = []
        for packet in given.demux(moving, *sounds):
            if packet.stream is not moving:
                waiting.append(packet)
            else:
                for frame in cast("list[av.VideoFrame]", packet.decode()):
                    drawn = draw(_upright(frame))
                    if film is None:
                        made = stack.enter_context(_made(unfinished, out))
                        film = _Film(made, moving, _stream(made, out, moving, frame, drawn), _copies(made, sounds, say))
                    film.show(frame, drawn)
                    progress.at(film.shown)
            while film is not None and waiting:
                film.hear(waiting.pop(0))
        if film is None:
            raise Unreadable(EMPTY)
        film.finish()


def _library() -> Any:
    try:
        import av
    except ImportError as error:
        raise UsageError("videos are read by PyAV, which is not installed: pip install 'sparring[video]'") from error
    return av


@contextmanager
def _damage() -> Iterator[None]:
    """What the library says of a file, in our words."""
    av = _library()
    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, OSError):  # of the disk, not of the video
            raise
        if isinstance(error, EOFError):
            raise Unreadable(EMPTY) from error
        raise Unreadable(f"damaged, or its end is missing ({error.strerror})") from error


def _opened(source: Path | BytesIO) -> "InputContainer":
    opened: InputContainer = _library().open(str(source) if isinstance(source, Path) else source)
    return opened


def _moving(given: "InputContainer") -> "av.VideoStream":
    """The stream of pictures that is no cover."""
    covers = _library().stream.Disposition.attached_pic
    for stream in given.streams.video:
        if not stream.disposition & covers:
            stream.thread_type = "AUTO"
            return stream
    raise Unreadable("holds no moving pictures: there is nothing to translate")


def _rate(moving: "av.VideoStream") -> Fraction:
    return moving.average_rate or moving.guessed_rate or Fraction(25)


def _count(moving: "av.VideoStream") -> int:
    """About how many frames there are."""
    end = _promised(moving)
    return moving.frames or (0 if end is None else round(end * _rate(moving)))


def _promised(moving: "av.VideoStream") -> Fraction | None:
    """When the video should end, in seconds; None where the file does not say."""
    if moving.duration is not None and moving.time_base is not None:
        return ((moving.start_time or 0) + moving.duration) * moving.time_base
    if "DURATION" in moving.metadata:  # of Matroska, such as 00:01:02.500
        hours, minutes, seconds = moving.metadata["DURATION"].split(":")
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)
    return None


def _upright(frame: "av.VideoFrame") -> Pixels:
    """[H, W, 3], turned as a player would turn it."""
    pixels: Pixels = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    return np.ascontiguousarray(np.rot90(pixels, _quarters(frame)))


def _quarters(frame: "av.VideoFrame") -> int:
    """Quarter turns, against the clock, by which it is to be shown."""
    return round(frame.rotation / 90) % 4


def _made(place: Path, out: Path) -> "OutputContainer":
    place.parent.mkdir(parents=True, exist_ok=True)
    made: OutputContainer = _library().open(str(place), "w", format=FORMATS[out.suffix.lower()])
    return made


def _encoder(made: "OutputContainer", out: Path) -> tuple[str, dict[str, str]]:
    for name, options in ENCODERS:
        if name in made.supported_codecs and name in _library().codecs_available:
            return name, dict(options)
    known = ", ".join(name for name, _ in ENCODERS)
    raise UsageError(f"this PyAV has no encoder for {out.suffix} (of {known}): name it {out.stem}.webm")


def _stream(
    made: "OutputContainer", out: Path, moving: "av.VideoStream", frame: "av.VideoFrame", drawn: Pixels
) -> "av.VideoStream":
    """For frames of the size of `drawn`, with the times, the proportions and the kind of colours that there were."""
    name, options = _encoder(made, out)
    stream = cast("av.VideoStream", made.add_stream(name, rate=_rate(moving), options=options))
    context = stream.codec_context
    context.height, context.width = drawn.shape[:2]
    # the usual form halves the colours both ways, which an odd side does not allow
    context.pix_fmt = "yuv444p" if context.height % 2 or context.width % 2 else "yuv420p"
    context.time_base = moving.time_base or 1 / _rate(moving)
    context.colorspace = _BT709 if frame.colorspace == _RGB else frame.colorspace
    context.color_range = frame.color_range or _LIMITED
    context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
    pixel = moving.sample_aspect_ratio
    if pixel:
        context.sample_aspect_ratio = 1 / pixel if _quarters(frame) % 2 else pixel
    return stream


def _copies(made: "OutputContainer", sounds: "list[av.AudioStream]", say: Say) -> "dict[int, av.AudioStream]":
    """Where the sound goes as it is, by the number of its stream."""
    copies = {}
    for sound in sounds:
        if _fits(sound, made.format.name):
            copies[sound.index] = made.add_stream_from_template(sound)
        else:
            say(f"sound ({sound.codec_context.name}) does not fit into {made.format.name}: left out (.mkv holds any)")
    return copies


def _fits(sound: "av.AudioStream", kind: str) -> bool:
    """Whether such a file can hold it; tried, since lists of what it can hold promise more."""
    library = _library()
    try:
        with library.open(BytesIO(), "w", format=kind) as trial:
            trial.add_stream_from_template(sound)
            trial.start_encoding()
    except (library.FFmpegError, ValueError):
        return False
    return True


@dataclass
class _Film:
    """What comes out.

    Attributes:
        made: the file.
        moving: what is translated.
        stream: its translation.
        sounds: see `_copies`.
        shown: frames so far.
        last: when the last of them began, in units of the stream.
        ends: when it ended.
    """

    made: "OutputContainer"
    moving: "av.VideoStream"
    stream: "av.VideoStream"
    sounds: "dict[int, av.AudioStream]"
    shown: int = 0
    last: int = 0
    ends: int = 0

    def show(self, frame: "av.VideoFrame", drawn: Pixels) -> None:
        context = self.stream.codec_context
        if drawn.shape[:2] != (context.height, context.width):
            raise Unreadable(f"frame {self.shown + 1} has another size than those before: cut it there")
        picture = _library().VideoFrame.from_ndarray(with_channels(drawn, 3), format="rgb24")
        picture = picture.reformat(
            format=context.pix_fmt, dst_colorspace=context.colorspace, dst_color_range=context.color_range
        )
        at = self._time(frame)
        picture.time_base, picture.pts, picture.duration = context.time_base, at, frame.duration
        self.shown, self.last, self.ends = self.shown + 1, at, at + frame.duration
        self.made.mux(self.stream.encode(picture))

    def _time(self, frame: "av.VideoFrame") -> int:
        """When a frame is shown: when it was, but later than the one before."""
        at = frame.pts
        if at is None:
            at = round(self.shown / (_rate(self.moving) * self._unit))
        return at if not self.shown else max(at, self.last + 1)

    @property
    def _unit(self) -> Fraction:
        """Seconds."""
        return self.moving.time_base or 1 / _rate(self.moving)

    def hear(self, packet: "av.Packet[Any]") -> None:
        copy = self.sounds.get(packet.stream.index)
        if copy is not None and packet.size:  # the last one of a stream is empty
            packet.stream = copy
            self.made.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds, if the video was whole."""
        promised, reached = _promised(self.moving), self.ends * self._unit
        if promised is not None and promised - reached > max(MISSING, 2 / _rate(self.moving)):
            raise Unreadable(f"its end is missing: {float(reached):.1f} s of {float(promised):.1f} s are there")
        self.made.mux(self.stream.encode())
