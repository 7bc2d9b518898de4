"""A video through a translator, frame by frame: its size, its times and its sound stay as they are.

Read and written by PyAV (the extra `video`), which is imported only where there is a video. Frames are turned upright
before they are translated. What is held in memory is a frame, and what the encoder looks ahead.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sparring import files
from sparring.data.parallel import Progress
from sparring.data.prepare import with_channels
from sparring.errors import SparringError, UsageError

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

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
    with files.new_file(out) as unfinished, _damage(), _opened(source) as given:
        moving = _moving(given)
        film = _Film(unfinished, out.suffix.lower(), given, moving, say)
        try:
            progress = Progress(f"{name}: frames", _count(moving), say)
            for packet in given.demux(moving, *film.sounds):
                if packet.stream is not moving:
                    film.hear(packet)
                    continue
                for frame in packet.decode():
                    film.show(frame, draw(_upright(frame)))
                    progress.at(film.shown)
            film.check_end()
        finally:
            film.close()


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
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))


class _Film:
    """What comes out. It is opened by its first frame, since only that tells the size; sound waits until then."""

    def __init__(self, place: Path, ending: str, given: "InputContainer", moving: "av.VideoStream", say: Say) -> None:
        self.place, self.ending, self.moving, self.say = place, ending, moving, say
        self.sounds = list(given.streams.audio)
        self.shown = 0
        self.waiting: list[av.Packet[Any]] = []
        self.out: av.container.OutputContainer | None = None
        self.last = self.ends = 0
        self.size = (0, 0)

    def show(self, frame: "av.VideoFrame", drawn: Pixels) -> None:
        if self.out is None:
            self._open(frame, drawn)
        if drawn.shape[:2] != self.size:
            raise Unreadable(f"frame {self.shown + 1} has another size than those before: cut it there")
        assert self.out is not None
        picture = _library().VideoFrame.from_ndarray(with_channels(drawn, 3), format="rgb24")
        context = self.stream.codec_context
        picture = picture.reformat(
            format=context.pix_fmt, dst_colorspace=context.colorspace, dst_color_range=context.color_range
        )
        picture.time_base, picture.pts, picture.duration = context.time_base, self._time(frame), frame.duration
        self.shown, self.last, self.ends = self.shown + 1, picture.pts, picture.pts + frame.duration
        self.out.mux(self.stream.encode(picture))

    def hear(self, packet: "av.Packet[Any]") -> None:
        if self.out is None:
            self.waiting.append(packet)
        elif packet.size and packet.stream in self.copies:
            packet.stream = self.copies[packet.stream]
            self.out.mux(packet)

    def check_end(self) -> None:
        """Write what the encoder still holds, if the video was whole."""
        if self.out is None:
            raise Unreadable("holds no frames: there is nothing to translate")
        promised, reached = _promised(self.moving), self.ends * self.stream.codec_context.time_base
        if promised is not None and promised - reached > max(MISSING, 2 / _rate(self.moving)):
            raise Unreadable(f"its end is missing: {float(reached):.1f} s of {float(promised):.1f} s are there")
        self.out.mux(self.stream.encode())

    def close(self) -> None:
        if self.out is not None:
            self.out.close()

    def _time(self, frame: "av.VideoFrame") -> int:
        """When a frame is shown, in units of the stream; later than the one before."""
        unit = self.stream.codec_context.time_base
        found = frame.pts if frame.pts is not None else round(self.shown / (_rate(self.moving) * unit))
        return found if not self.shown else max(found, self.last + 1)

    def _open(self, frame: "av.VideoFrame", drawn: Pixels) -> None:
        self.place.parent.mkdir(parents=True, exist_ok=True)
        self.out = _library().open(str(self.place), "w", format=FORMATS[self.ending])
        assert self.out is not None
        name, options = self._encoder(self.out.supported_codecs)
        self.stream = self.out.add_stream(name, rate=_rate(self.moving), options=options)
        self._describe(frame, drawn)
        self.copies = {}
        for sound in self.sounds:
            if sound.codec_context.name in self.out.supported_codecs:
                self.copies[sound] = self.out.add_stream_from_template(sound)
            else:
                self.say(
                    f"sound ({sound.codec_context.name}) does not fit into {self.ending}: left out (.mkv holds any)"
                )
        waiting, self.waiting = self.waiting, []
        for packet in waiting:
            self.hear(packet)

    def _encoder(self, fitting: set[str]) -> tuple[str, dict[str, str]]:
        available = _library().codecs_available
        for name, options in ENCODERS:
            if name in fitting and name in available:
                return name, dict(options)
        known = ", ".join(name for name, _ in ENCODERS)
        raise UsageError(f"this PyAV has no encoder for {self.ending} (of {known}): name it .mkv or .webm")

    def _describe(self, frame: "av.VideoFrame", drawn: Pixels) -> None:
        """Size, times and colours, as they were."""
        self.size = height, width = drawn.shape[:2]
        context = self.stream.codec_context
        context.width, context.height = width, height
        # the usual form halves the colours both ways, which an odd side does not allow
        context.pix_fmt = "yuv444p" if height % 2 or width % 2 else "yuv420p"
        context.time_base = self.moving.time_base or 1 / _rate(self.moving)
        context.colorspace = _BT709 if frame.colorspace == _RGB else frame.colorspace
        context.color_range = frame.color_range or _LIMITED
        context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
        shape = self.moving.sample_aspect_ratio
        if shape:
            context.sample_aspect_ratio = 1 / shape if round(frame.rotation / 90) % 2 else shape
