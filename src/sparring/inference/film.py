"""The file that a translated video is written to: its frames, when they are shown, and the sound beside them.

By PyAV (the extra `video`), which is imported only where there is a video.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sparring.data.prepare import with_channels
from sparring.errors import SparringError, UsageError

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

Pixels = NDArray[np.uint8]
Say = Callable[[str], None]

FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
"""What can be written, by the ending of its name."""
READ = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,asf,flv,ogg"
"""What is read, by FFmpeg's names: it goes by content, and other sorts of files name further files or servers."""
ENCODERS = (
    ("libx264", {"crf": "18"}),
    ("libvpx-vp9", {"crf": "24", "b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}),
)
"""The first that is there and that fits the file is taken; the quality is one at which losses are hard to see."""
MISSING = Fraction(1, 4)
"""Seconds, or two frames if that is more, by which a video may be shorter than it says and still count as whole."""
_RGB, _BT709, _LIMITED = 0, 1, 1  # of colours, as the standards number them


class Unreadable(SparringError):
    """What is wrong with a file that was to be translated."""


def library() -> Any:
    """PyAV.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise UsageError("videos are read by PyAV, which is not installed: pip install 'sparring[video]'") from error
    return av


def rate(moving: "av.VideoStream") -> Fraction:
    """Frames a second, in the mean."""
    return moving.average_rate or moving.guessed_rate or Fraction(25)


def promised(moving: "av.VideoStream") -> Fraction | None:
    """When the video should end, in seconds; None where the file does not say."""
    if moving.duration is not None and moving.time_base is not None:
        return ((moving.start_time or 0) + moving.duration) * moving.time_base
    told = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d*)?)", moving.metadata.get("DURATION", ""))  # of Matroska
    if told is not None:
        return int(told[1]) * 3600 + int(told[2]) * 60 + Fraction(told[3])
    return None


def quarters(frame: "av.VideoFrame") -> int:
    """Quarter turns, against the clock, by which it is to be shown."""
    return round(frame.rotation / 90) % 4


def created(place: Path, out: Path) -> "OutputContainer":
    """An empty file of the kind that the name `out` says."""
    place.parent.mkdir(parents=True, exist_ok=True)
    made: OutputContainer = library().open(str(place), "w", format=FORMATS[out.suffix.lower()])
    return made


def begun(
    made: "OutputContainer",
    out: Path,
    moving: "av.VideoStream",
    sounds: "list[av.AudioStream]",
    frame: "av.VideoFrame",
    drawn: Pixels,
    say: Say,
) -> "Film":
    """A film that takes frames of the size of `drawn`, which `frame` became, and the sound that its file can hold."""
    return Film(made, moving, _stream(made, out, moving, frame, drawn), _copies(made, sounds, say))


def _encoder(made: "OutputContainer", out: Path) -> tuple[str, dict[str, str]]:
    for name, options in ENCODERS:
        if name in made.supported_codecs and name in library().codecs_available:
            return name, dict(options)
    known = ", ".join(name for name, _ in ENCODERS)
    raise UsageError(f"this PyAV has no encoder for {out.suffix} (of {known}): name it {out.stem}.webm")


def _stream(
    made: "OutputContainer", out: Path, moving: "av.VideoStream", frame: "av.VideoFrame", drawn: Pixels
) -> "av.VideoStream":
    """For frames of the size of `drawn`, with the times, the proportions and the kind of colours that there were."""
    name, options = _encoder(made, out)
    stream = cast("av.VideoStream", made.add_stream(name, rate=rate(moving), options=options))
    context = stream.codec_context
    context.height, context.width = drawn.shape[:2]
    # the usual form halves the colours both ways, which an odd side does not allow
    context.pix_fmt = "yuv444p" if context.height % 2 or context.width % 2 else "yuv420p"
    context.time_base = moving.time_base or 1 / rate(moving)
    context.colorspace = _BT709 if frame.colorspace == _RGB else frame.colorspace
    context.color_range = frame.color_range or _LIMITED
    context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
    pixel = moving.sample_aspect_ratio
    if pixel:
        context.sample_aspect_ratio = 1 / pixel if quarters(frame) % 2 else pixel
    return stream


def _copies(made: "OutputContainer", sounds: "list[av.AudioStream]", say: Say) -> "dict[int, av.AudioStream]":
    """Where sound goes as it is, by the number of its stream."""
    copies = {}
    for sound in sounds:
        if _fits(sound, made.format.name):
            copies[sound.index] = made.add_stream_from_template(sound)
        else:
            say(f"sound ({sound.codec_context.name}) does not fit into {made.format.name}: left out (.mkv holds any)")
    return copies


def _fits(sound: "av.AudioStream", kind: str) -> bool:
    """Whether such a file can hold it; tried, since lists of what it can hold promise more."""
    av = library()
    try:
        with av.open(BytesIO(), "w", format=kind) as trial:
            trial.add_stream_from_template(sound)
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


@dataclass
class Film:
    """What comes out.

    Attributes:
        made: the file.
        moving: what is translated.
        stream: its translation.
        sounds: where its sound goes, by the number of its stream.
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
        """Write what a frame became, when the frame was shown.

        Raises:
            Unreadable: it has another size.
        """
        context = self.stream.codec_context
        if drawn.shape[:2] != (context.height, context.width):
            raise Unreadable(f"frame {self.shown + 1} has another size than those before: cut it there")
        picture = library().VideoFrame.from_ndarray(with_channels(drawn, 3), format="rgb24")
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
            at = round(self.shown / (rate(self.moving) * self._unit))
        return at if not self.shown else max(at, self.last + 1)

    @property
    def _unit(self) -> Fraction:
        """Seconds."""
        return self.moving.time_base or 1 / rate(self.moving)

    def hear(self, packet: "av.Packet[Any]") -> None:
        """Write a piece of sound as it is, if the file can hold it."""
        copy = self.sounds.get(packet.stream.index)
        if copy is not None and packet.size:  # the last one of a stream is empty
            packet.stream = copy
            self.made.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds, if the video was whole.

        Raises:
            Unreadable: its end is missing.
        """
        end, reached = promised(self.moving), self.ends * self._unit
        if end is not None and end - reached > max(MISSING, 2 / rate(self.moving)):
            raise Unreadable(f"its end is missing: {float(reached):.1f} s of {float(end):.1f} s are there")
        self.made.mux(self.stream.encode())
