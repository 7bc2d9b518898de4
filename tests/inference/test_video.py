"""Videos: size, times and sound stay; and nothing is written of one that is not whole."""

import builtins
import io
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZipFile

import av
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.data.spec import Spec
from sparring.errors import SparringError, UsageError
from sparring.games.picture_to_picture import Translation
from sparring.inference import video
from sparring.inference.compare import GAP, Compare, targets
from sparring.inference.film import Unreadable
from sparring.inference.jobs import plan
from sparring.inference.translate_files import run

Pixels = NDArray[np.uint8]


def picture(number: int, height: int, width: int) -> Pixels:
    """Slopes that differ from frame to frame, and that a codec keeps."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([columns * 4 % 256, rows * 5 % 256, np.full_like(rows, number * 10 % 256)], 2).astype(np.uint8)


def film(
    path: Path,
    size: tuple[int, int] = (36, 52),
    times: list[int] | None = None,
    sound: str | None = None,
    turned: int = 0,
    codec: str = "libx264",
    noisy: bool = False,
    options: dict[str, str] | None = None,
) -> Path:
    """Ten frames a second, or frames at so many thousandths of a second."""
    times = times or [100 * number for number in range(20)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options=options or {}) as out:
        stream = out.add_stream(codec, rate=10, options={"crf": "8"} if codec == "libx264" else {"b": "4000000"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv444p" if size[0] % 2 or size[1] % 2 else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 10 if codec == "mpeg4" else 1000)
        if turned:
            stream.set_display_rotation(turned)
        heard = out.add_stream(sound, rate=16000, layout="mono") if sound else None
        for number, at in enumerate(times):
            drawn = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8) if noisy else None
            frame = av.VideoFrame.from_ndarray(picture(number, *size) if drawn is None else drawn, format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        if heard is not None:
            assert isinstance(heard, av.AudioStream)
            for start in range(0, 16 * (times[-1] + 100) - 1023, 1024):
                wave = (np.sin(np.arange(start, start + 1024) / 9) * 9000).astype(np.int16)[None]
                part = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
                part.sample_rate, part.pts, part.time_base = 16000, start, Fraction(1, 16000)
                part = av.AudioResampler(format=heard.codec_context.format, layout="mono", rate=16000).resample(part)[0]
                out.mux(heard.encode(part))
            out.mux(heard.encode())
    return path


class Seen(NamedTuple):
    times: list[Fraction]
    frames: list[Pixels]
    codec: str
    rate: Fraction | None
    shown: int
    seconds: Fraction


def seen(path: Path) -> Seen:
    with av.open(str(path)) as found:
        stream, frames = found.streams.video[0], list(found.decode(video=0))
        times = [Fraction(frame.pts or 0) * (frame.time_base or 0) for frame in frames]
        pixels = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames]
        seconds = Fraction(stream.duration or 0) * (stream.time_base or 0)
        return Seen(times, pixels, stream.codec_context.name, stream.average_rate, stream.frames, seconds)


def heard(path: Path) -> list[bytes]:
    with av.open(str(path)) as found:
        return [bytes(packet) for packet in found.demux(found.streams.audio) if packet.size]


def same(pixels: Pixels) -> Pixels:
    return pixels


def through(source: Path, out: Path) -> list[str]:
    said: list[str] = []
    video.translate(source, out, same, said.append, source.name)
    return said


def near(some: list[Pixels], others: list[Pixels]) -> bool:
    return all(np.abs(one.astype(int) - other).mean() < 3 for one, other in zip(some, others, strict=True))


@pytest.mark.parametrize("ending", ["mp4", "mov", "mkv", "webm"])
@pytest.mark.parametrize("size", [(36, 52), (35, 51)])
def test_frames_times_size_and_sound_are_kept(ending: str, size: tuple[int, int], tmp_path: Path) -> None:
    times = [0, 100, 150, 400, 410, 900, *(1000 + 77 * number for number in range(6))]  # no steady rate
    source = film(tmp_path / "a.mkv", size, times, sound="libopus")
    said = through(source, tmp_path / f"b.{ending}")
    assert said == (["sound (opus) does not fit into mov: left out (.mkv holds any)"] if ending == "mov" else [])
    before, after = seen(source), seen(tmp_path / f"b.{ending}")
    assert max(abs(one - other) for one, other in zip(before.times, after.times, strict=True)) <= Fraction(1, 1000)
    assert near(before.frames, after.frames) and after.frames[0].shape == (*size, 3)
    assert ending == "mov" or heard(source) == heard(tmp_path / f"b.{ending}") != []
    assert after.codec == ("vp9" if ending == "webm" else "h264")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", f"b.{ending}"]


def test_the_rate_and_the_length_are_kept(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4")
    through(source, tmp_path / "b.mp4")
    before, after = seen(source), seen(tmp_path / "b.mp4")
    assert after.rate == before.rate == 10 and after.shown == before.shown == 20
    assert after.seconds == before.seconds == 2 and after.times == before.times


def test_how_far_it_is_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.data.parallel._SECONDS_BETWEEN", 0.0)
    said = through(film(tmp_path / "a.mp4"), tmp_path / "b.mp4")
    assert said[0] == "a.mp4: frames: 1 of 20" and said[-1] == "a.mp4: frames: 20 of 20"


def test_sound_that_does_not_fit_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    said = through(film(tmp_path / "a.mp4", sound="aac"), tmp_path / "b.webm")
    assert said == ["sound (aac) does not fit into webm: left out (.mkv holds any)"]
    with av.open(str(tmp_path / "b.webm")) as found:
        assert not found.streams.audio


@pytest.mark.parametrize(("turned", "quarters"), [(90, 1), (-90, 3), (180, 2)])
def test_a_turned_video_is_translated_upright(turned: int, quarters: int, tmp_path: Path) -> None:
    source, shapes = film(tmp_path / "a.mp4", turned=turned), []

    def draw(pixels: Pixels) -> Pixels:
        shapes.append(pixels.shape)
        return pixels

    video.translate(source, tmp_path / "b.mp4", draw, lambda text: None, "a")
    upright = [np.rot90(frame, quarters) for frame in seen(source).frames]
    assert near(upright, seen(tmp_path / "b.mp4").frames) and set(shapes) == {upright[0].shape}
    with av.open(str(tmp_path / "b.mp4")) as found:
        assert next(found.decode(video=0)).rotation == 0


def test_the_turn_is_the_one_that_players_make(tmp_path: Path) -> None:
    """The matrix of a telephone held upright, (0, 1, -1, 0), turns clockwise: what was on the left comes to the top."""
    content = film(tmp_path / "a.mp4", turned=-90).read_bytes()
    at = content.index(b"tkhd") + 4 + 40
    one = (65536).to_bytes(4, "big"), (-65536).to_bytes(4, "big", signed=True)
    assert content[at + 4 : at + 8] == one[0] and content[at + 12 : at + 16] == one[1]
    through(tmp_path / "a.mp4", tmp_path / "b.mp4")
    assert near([np.rot90(picture(0, 36, 52), -1)], seen(tmp_path / "b.mp4").frames[:1])


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "mpeg4"), ("a.ts", "libx264")])
def test_other_formats_are_read(name: str, codec: str, tmp_path: Path) -> None:
    source = film(tmp_path / name, codec=codec)
    through(source, tmp_path / "b.mp4")
    assert seen(source).times == seen(tmp_path / "b.mp4").times
    with pytest.raises(UsageError, match=r"videos cannot be written as \.avi: name it b\.mp4"):
        through(source, tmp_path / "b.avi")


@pytest.mark.parametrize(("name", "options"), [("a.mp4", {}), ("a.mp4", {"movflags": "faststart"}), ("a.mkv", {})])
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_truncated_video_is_refused(name: str, options: dict[str, str], share: float, tmp_path: Path) -> None:
    content = film(tmp_path / name, sound="aac", options=options).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Unreadable, match=r"its end is missing|holds no frames"):
        through(tmp_path / name, tmp_path / "deep" / "b.mp4")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.name != name]


def test_what_holds_no_frames_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=16000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        out.mux([*stream.encode(frame), *stream.encode()])
    with pytest.raises(Unreadable, match="holds no moving pictures"):
        through(tmp_path / "a.mp4", tmp_path / "b.mp4")
    with av.open(str(tmp_path / "c.mkv"), "w") as out:
        empty = out.add_stream("libx264", rate=10)
        assert isinstance(empty, av.VideoStream)
        empty.height, empty.width, empty.pix_fmt = 36, 52, "yuv420p"
        out.start_encoding()
    with pytest.raises(Unreadable, match="holds no frames"):
        through(tmp_path / "c.mkv", tmp_path / "b.mp4")
    (tmp_path / "d.mp4").write_bytes(b"no video at all")
    with pytest.raises(Unreadable, match="damaged"):
        through(tmp_path / "d.mp4", tmp_path / "b.mp4")
    assert not (tmp_path / "b.mp4").exists()


def test_an_interruption_leaves_what_was_there(tmp_path: Path) -> None:
    source, frames = film(tmp_path / "a.mp4"), 0

    def draw(pixels: Pixels) -> Pixels:
        nonlocal frames
        frames += 1
        if frames == 12:
            raise KeyboardInterrupt
        return pixels

    (tmp_path / "b.mp4").write_bytes(b"precious")
    with pytest.raises(KeyboardInterrupt):
        video.translate(source, tmp_path / "b.mp4", draw, lambda text: None, "a")
    assert (tmp_path / "b.mp4").read_bytes() == b"precious" and len(list(tmp_path.iterdir())) == 2


def test_frames_are_read_one_after_the_other(tmp_path: Path) -> None:
    """The first is drawn long before the last is read: a video need not fit into memory."""
    source = film(tmp_path / "a.mp4", (96, 128), [40 * number for number in range(100)], noisy=True)
    content, read = io.BytesIO(source.read_bytes()), []

    def draw(pixels: Pixels) -> Pixels:
        read.append(content.tell())
        return pixels

    video.translate(content, tmp_path / "b.mp4", draw, lambda text: None, "a")
    assert len(read) == 100 and read[0] < read[50] * 0.8 and read[50] < read[-1] * 0.8


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, usual = film(tmp_path / "a.mp4"), builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "av":
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"pip install 'sparring\[video\]'"):
        through(source, tmp_path / "b.mp4")


def test_an_encoder_is_chosen_by_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = film(tmp_path / "a.mp4")
    monkeypatch.setattr(av, "codecs_available", {"libvpx-vp9"})
    through(source, tmp_path / "b.mp4")
    assert seen(tmp_path / "b.mp4").codec == "vp9"
    monkeypatch.setattr(av, "codecs_available", set())
    with pytest.raises(UsageError, match=r"no encoder for \.mp4"):
        through(source, tmp_path / "c.mp4")


class Same(nn.Module):
    """What goes in."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures * self.weight


def translator(channels: int = 3, bits: int = 8) -> Translation:
    sort = {"channels": channels, "height": 16, "width": 16, "bits": bits}
    return Translation(Same(), Spec.model_validate(sort | {"inputs": sort}))


def test_videos_among_pictures(tmp_path: Path) -> None:
    film(tmp_path / "in" / "x" / "a.mp4")
    film(tmp_path / "in" / "b.avi", codec="mpeg4")
    film(tmp_path / "in" / "small.mkv", (6, 20))
    (tmp_path / "in" / "cut.mp4").write_bytes((tmp_path / "in" / "x" / "a.mp4").read_bytes()[:900])
    np.save(tmp_path / "in" / "c.npy", picture(0, 16, 16))
    said: list[str] = []
    done = run(translator(), plan([tmp_path / "in"], tmp_path / "out"), said.append)
    assert (done.written, done.videos) == (1, 2)
    assert [line.partition(": ")[0].rpartition("/")[2] for line in done.skipped] == ["cut.mp4", "small.mkv"]
    assert "its end is missing" in done.skipped[0] and "too small" in done.skipped[1]
    there = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert there == ["b.avi.mp4", "c.npy", "x/a.mp4"]


@pytest.mark.parametrize(("channels", "bits"), [(1, 8), (3, 16)])
def test_grey_and_deep_models_draw_frames_too(channels: int, bits: int, tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4")
    done = run(translator(channels, bits), plan([source], tmp_path / "b.mp4"), lambda text: None)
    assert (done.videos, done.skipped) == (1, ())
    frames = seen(tmp_path / "b.mp4").frames
    expected = seen(source).frames if channels == 3 else [frame.mean(2, keepdims=True) for frame in frames]
    assert near(expected, frames)


def test_a_packed_video_and_one_side_by_side(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4")
    with ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.write(source, "deep/a.mp4")
    beside = Compare()
    jobs = plan([tmp_path / "set.zip"], tmp_path / "out", beside=beside)
    assert run(translator(), jobs, lambda text: None, beside=beside).videos == 1
    frames = seen(tmp_path / "out" / "deep" / "a.mp4").frames
    assert near([frame[:, :52] for frame in frames], seen(source).frames)
    assert near([frame[:, 52 + GAP :] for frame in frames], seen(source).frames)
    np.save(tmp_path / "t.npy", picture(0, 16, 16))
    (tmp_path / "true").mkdir()
    (tmp_path / "true" / "a.png").write_bytes(b"")
    beside = Compare(targets(tmp_path / "true"))
    done = run(translator(), plan([source], tmp_path / "c.mp4", beside=beside), lambda text: None, beside=beside)
    assert "a video has no true picture" in done.skipped[0] and not (tmp_path / "c.mp4").exists()


@pytest.mark.parametrize(
    ("inputs", "out", "words"),
    [
        ("a.mp4", "a.mp4", "over its own source"),
        ("a.mp4", "b.png", r"cannot be written as \.png: name it b\.mp4"),
        (".", "out", "lies inside"),
    ],
)
def test_what_would_go_wrong_is_refused_first(inputs: str, out: str, words: str, tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    with pytest.raises(UsageError, match=words):
        plan([tmp_path / inputs], tmp_path / out)


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SparringError, match="cannot write"):
        through(source, tmp_path / "file" / "b.mp4")


@pytest.mark.parametrize("packed", [False, True])
def test_what_names_other_files_is_no_video(packed: bool, tmp_path: Path) -> None:
    film(tmp_path / "private.mp4")
    (tmp_path / "in").mkdir()
    content = f"ffconcat version 1.0\nfile '{tmp_path / 'private.mp4'}'\n"
    (tmp_path / "in" / "clip.mp4").write_text(content)
    (tmp_path / "in" / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    if packed:
        with ZipFile(tmp_path / "in.zip", "w") as archive:
            archive.writestr("clip.mp4", content)
    given = tmp_path / ("in.zip" if packed else "in")
    done = run(translator(), plan([given], tmp_path / "out"), lambda text: None)
    assert done.videos == 0 and not list(tmp_path.glob("out/*"))
    assert "clip.mp4: is no video of a sort that is read" in done.skipped[0]
    assert packed or "gone.mp4: cannot be read: No such file" in done.skipped[1]
