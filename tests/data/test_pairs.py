"""Two sides of a set: found in every layout, matched by name, and never mixed up on the way to a batch."""

import json
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image

from sparring.config import Data
from sparring.data import Stream
from sparring.data.batches import Images, Paired, Unpaired
from sparring.data.pairs import open_pairs
from sparring.errors import SparringError, UsageError

SIZE = 12


def picture(value: int, size: tuple[int, int] = (SIZE, SIZE), channels: int = 3) -> Image.Image:
    """One colour all over."""
    shape = (*size, channels) if channels == 3 else size
    return Image.fromarray(np.full(shape, value, np.uint8))


def fill(folder: Path, values: dict[str, int], channels: int = 3) -> None:
    for name, value in values.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture(value, channels=channels).save(folder / name)


A = {f"{number}.png": number for number in range(1, 9)}
"""Picture n of side a is n all over, and that of side b 100 more."""
B = {name: value + 100 for name, value in A.items()}


def two_folders(at: Path) -> Data:
    fill(at / "A", A)
    fill(at / "B", B)
    return Data(path=str(at))


def with_parts(at: Path) -> Data:
    for part in ("train", "test"):
        fill(at / f"{part}A", A)
        fill(at / f"{part}B", B)
    return Data(path=str(at))


def parts_inside(at: Path) -> Data:
    for part in ("train", "test"):
        fill(at / "set" / "A" / part, A)
        fill(at / "set" / "B" / part, B)
    return Data(path=str(at), split="test")


def parts_outside(at: Path) -> Data:
    for part in ("train", "val"):
        fill(at / part / "a", A)
        fill(at / part / "b", B)
    return Data(path=str(at), split="val")


def in_a_zip(at: Path) -> Data:
    two_folders(at / "loose")
    with ZipFile(at / "set.zip", "w") as archive:
        for file in sorted((at / "loose").rglob("*.png")):
            archive.write(file, file.relative_to(at / "loose"))
    return Data(path=str(at / "set.zip"))


def beside(at: Path) -> Data:
    at.mkdir(exist_ok=True)
    for name, value in A.items():
        both = Image.new("RGB", (2 * SIZE, SIZE))
        both.paste(picture(value), (0, 0))
        both.paste(picture(B[name]), (SIZE, 0))
        both.save(at / name)
    return Data(path=str(at), pairs="beside")


def two_columns(at: Path) -> Data:
    fill(at / "drawings", A)
    fill(at / "photos", B)
    rows = [{"file_name": f"photos/{name}", "drawing": f"drawings/{name}", "text": name} for name in A]
    (at / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return Data(path=str(at))


def column_by_name(at: Path) -> Data:
    return two_columns(at).model_copy(update={"pairs": "drawing"})


def two_sets(at: Path) -> Data:
    fill(at / "here" / "deep", A)
    fill(at / "there", {name.replace(".png", ".bmp"): value for name, value in B.items()})
    return Data(path=str(at / "there"), inputs=str(at / "here"))


def two_arrays(at: Path) -> Data:
    for name, side in (("a", A), ("b", B)):
        np.save(at / f"{name}.npy", np.stack([np.full((SIZE, SIZE, 3), value, np.uint8) for value in side.values()]))
    return Data(path=str(at / "b.npy"), inputs=str(at / "a.npy"))


LAYOUTS = [
    two_folders,
    with_parts,
    parts_inside,
    parts_outside,
    in_a_zip,
    beside,
    two_columns,
    column_by_name,
    two_sets,
    two_arrays,
]
Layout = Callable[[Path], Data]


def values(pictures: torch.Tensor) -> list[int]:
    assert float((pictures - pictures[:, :1, :1, :1]).abs().max()) == 0
    return ((pictures[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def both(batch: Images) -> list[tuple[int, int]]:
    assert isinstance(batch, Paired | Unpaired)
    return list(zip(values(batch.inputs), values(batch.pictures), strict=True))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("memory", [1.0, 0.0])
def test_partners_meet_in_every_layout(layout: Layout, memory: float, tmp_path: Path) -> None:
    dataset = open_pairs(layout(tmp_path).model_copy(update={"memory_gb": memory, "workers": 0}), aligned=True)
    assert len(dataset) == 8
    assert dataset.spec.inputs is not None
    stream = Stream(dataset, 3, seed=0)
    met = [pair for k in range(8) for pair in both(stream.batch(k))]
    assert sorted(set(met)) == [(value, value + 100) for value in A.values()]
    assert isinstance(stream.batch(0), Paired)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_other_direction_turns_them_round(layout: Layout, tmp_path: Path) -> None:
    config = layout(tmp_path).model_copy(update={"direction": "b-to-a"})
    batch = open_pairs(config, aligned=True).batch(np.arange(8))
    assert {(y, x) for x, y in both(batch)} == {(value, value + 100) for value in A.values()}


def test_workers_decode_the_same_partners(tmp_path: Path) -> None:
    config = two_folders(tmp_path).model_copy(update={"memory_gb": 0.0, "workers": 1})
    stream = Stream(open_pairs(config, aligned=True), 3, seed=0)
    ahead = [both(batch) for batch, _ in zip(stream.starting(2), range(3), strict=False)]
    assert ahead == [both(stream.batch(k)) for k in (2, 3, 4)]


def test_domains_come_in_orders_of_their_own(tmp_path: Path) -> None:
    fill(tmp_path / "A", {f"{number}.png": number for number in range(40)})
    fill(tmp_path / "B", {f"{number}.png": number + 100 for number in range(40)})
    dataset = open_pairs(Data(path=str(tmp_path)), aligned=False)
    stream = Stream(dataset, 10, seed=0)
    met = [pair for k in range(4) for pair in both(stream.batch(k))]
    assert sorted(x for x, _ in met) == list(range(40))
    assert sorted(y for _, y in met) == list(range(100, 140))
    assert sum(y - x == 100 for x, y in met) < 8  # partners meet by chance alone
    assert isinstance(stream.batch(0), Unpaired)


def test_domains_need_not_be_of_the_same_size_or_names(tmp_path: Path) -> None:
    fill(tmp_path / "A", {f"x{number}.png": number for number in range(3)})
    fill(tmp_path / "B", {f"y{number}.png": number for number in range(30)}, channels=1)
    dataset = open_pairs(Data(path=str(tmp_path)), aligned=False)
    assert (dataset.spec.channels, dataset.inputs and len(dataset.inputs), len(dataset)) == (1, 3, 30)
    assert both(Stream(dataset, 8, seed=0).batch(0))


def test_who_has_no_partner_is_named_and_left_out_on_request(tmp_path: Path) -> None:
    config = two_folders(tmp_path)
    (tmp_path / "B" / "3.png").unlink()
    picture(50).save(tmp_path / "B" / "other.png")
    with pytest.raises(
        SparringError, match=r"2 pictures have no partner of the same name: .*3\.png.*other\.png.*skip-bad"
    ):
        open_pairs(config, aligned=True)
    left = open_pairs(config.model_copy(update={"skip_bad": True}), aligned=True)
    assert len(left) == 7
    assert both(left.batch(np.arange(7))) == [(value, value + 100) for value in A.values() if value != 3]
    assert len(open_pairs(config, aligned=False)) == 8


def test_a_broken_picture_takes_its_partner_with_it(tmp_path: Path) -> None:
    config = two_folders(tmp_path)
    (tmp_path / "A" / "2.png").write_bytes(b"nothing")
    (tmp_path / "B" / "5.png").write_bytes(b"nothing")
    with pytest.raises(SparringError, match=r"5\.png"):
        open_pairs(config, aligned=True)
    for memory in (1.0, 0.0):
        left = open_pairs(config.model_copy(update={"skip_bad": True, "memory_gb": memory}), aligned=True)
        assert both(left.batch(np.arange(6))) == [(value, value + 100) for value in (1, 3, 4, 6, 7, 8)]


def test_a_pair_of_other_proportions_is_named(tmp_path: Path) -> None:
    config = two_folders(tmp_path)
    picture(4, (SIZE, 2 * SIZE)).save(tmp_path / "A" / "4.png")
    with pytest.raises(SparringError, match=r"same proportions: .*4\.png \(24x12 and 12x12\)"):
        open_pairs(config, aligned=True)


def test_a_pair_of_other_sizes_is_said(tmp_path: Path) -> None:
    config = two_folders(tmp_path)
    assert open_pairs(config, aligned=True).notes == []
    picture(4, (2 * SIZE, 2 * SIZE)).save(tmp_path / "A" / "4.png")
    pairs = open_pairs(config, aligned=True)
    assert len(pairs) == 8
    assert "1 pairs of pictures of different sizes, as B/4.png (24x24 and 12x12)" in pairs.notes[0]


def test_an_odd_width_cannot_be_two_pictures(tmp_path: Path) -> None:
    config = beside(tmp_path)
    picture(1, (SIZE, 2 * SIZE + 1)).save(tmp_path / "odd.png")
    with pytest.raises(SparringError, match=r"odd\.png.*25 pixels wide: not two pictures side by side"):
        open_pairs(config, aligned=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "only one sort of pictures lies here: put two into folders A and B"),
        ({"pairs": "gary"}, "did you mean 'grey'"),
        ({"inputs": "nowhere"}, "no data at 'nowhere'"),
        ({"pairs": "gray", "inputs": "digits"}, "leave one out"),
    ],
)
def test_a_set_of_one_side_is_refused_with_what_to_do(change: dict[str, str], words: str, tmp_path: Path) -> None:
    fill(tmp_path, A)
    with pytest.raises(UsageError, match=words):
        open_pairs(Data(path=str(tmp_path), **change), aligned=True)  # type: ignore[arg-type]


def test_an_empty_side_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path / "trainA", A)
    fill(tmp_path / "testB", B)
    with pytest.raises(SparringError, match="side B holds no pictures"):
        open_pairs(Data(path=str(tmp_path)), aligned=False)


def test_sources_without_any_partner_are_told_of_unpaired_games(tmp_path: Path) -> None:
    fill(tmp_path / "A", {f"x{name}": value for name, value in A.items()})
    fill(tmp_path / "B", B)
    with pytest.raises(SparringError, match=r"no picture has a partner .* cyclegan"):
        open_pairs(Data(path=str(tmp_path)), aligned=True)


@pytest.mark.parametrize("memory", [1.0, 0.0])
def test_derived_sources_fit_their_pictures(memory: float) -> None:
    config = Data(path="shapes", pairs="gray", memory_gb=memory, size=16)
    dataset = open_pairs(config, aligned=True)
    batch = dataset.batch(np.arange(5))
    assert isinstance(batch, Paired)
    luma = torch.tensor([0.299, 0.587, 0.114])[None, :, None, None]
    assert (batch.inputs - (batch.pictures * luma).sum(1, keepdim=True)).abs().max() < 0.01
    turned = open_pairs(config.model_copy(update={"direction": "b-to-a"}), aligned=True)
    assert (turned.spec.channels, turned.spec.inputs and turned.spec.inputs.channels) == (1, 3)


def test_deep_pictures_stay_deep(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 65536, (6, SIZE, SIZE, channels)).astype(np.uint16) for channels in (5, 2)]
    for name, array in zip("ab", arrays, strict=True):
        np.save(tmp_path / f"{name}.npy", array)
    dataset = open_pairs(Data(path=str(tmp_path / "b.npy"), inputs=str(tmp_path / "a.npy")), aligned=True)
    assert dataset.spec.inputs is not None
    assert (dataset.spec.channels, dataset.spec.bits) == (2, 16)
    assert (dataset.spec.inputs.channels, dataset.spec.inputs.bits) == (5, 16)
    assert dataset.inputs is not None
    assert (dataset.inputs.rows(np.arange(6)).numpy().transpose(0, 2, 3, 1) == arrays[0]).all()


def test_changes_are_drawn_anew_for_partners_together(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    array = rng.integers(0, 256, (20, SIZE, SIZE, 1)).astype(np.uint8)
    np.save(tmp_path / "a.npy", array)
    np.save(tmp_path / "b.npy", 255 - array)
    config = Data(path=str(tmp_path / "b.npy"), inputs=str(tmp_path / "a.npy"), mirror=True, shift=2)
    stream = Stream(open_pairs(config, aligned=True), 20, seed=0)
    first, again, later = stream.batch(0), stream.batch(0), stream.batch(1)
    assert isinstance(first, Paired) and isinstance(later, Paired)
    assert torch.equal(first.pictures, again.pictures)
    torch.testing.assert_close(first.inputs, -first.pictures)
    torch.testing.assert_close(later.inputs, -later.pictures)
    order, whole = stream.indices(0), torch.from_numpy(array).permute(0, 3, 1, 2).float() / 127.5 - 1
    same = sum(torch.equal(first.inputs[row], whole[index]) for row, index in enumerate(order.tolist()))
    assert same < 6  # one in 50 stays as it was


def test_the_fingerprint_knows_both_sides(tmp_path: Path) -> None:
    config = two_folders(tmp_path)
    before = open_pairs(config, aligned=True).fingerprint
    picture(77).save(tmp_path / "A" / "1.png")
    assert open_pairs(config, aligned=True).fingerprint != before


@pytest.mark.parametrize("memory", [1.0, 0.0])
def test_sources_that_are_made_stay_with_their_pictures_where_some_are_broken(memory: float, tmp_path: Path) -> None:
    fill(tmp_path, {f"{number}.png": 10 * number for number in range(1, 9)}, channels=1)
    (tmp_path / "1.png").write_bytes(b"nothing")
    (tmp_path / "4.png").write_bytes(b"nothing")
    config = Data(path=str(tmp_path), pairs="gray", skip_bad=True, memory_gb=memory)
    dataset = open_pairs(config, aligned=True)
    assert both(dataset.batch(np.arange(6))) == [(10 * n, 10 * n) for n in (2, 3, 5, 6, 7, 8)]


def test_two_names_for_one_partner_are_refused(tmp_path: Path) -> None:
    config = two_folders(tmp_path)
    picture(50).save(tmp_path / "A" / "3.bmp")
    with pytest.raises(SparringError, match=r"3\.bmp.*3\.png.* would have the same partner: rename one"):
        open_pairs(config.model_copy(update={"skip_bad": True}), aligned=True)


def test_folders_within_a_side_belong_to_the_name(tmp_path: Path) -> None:
    fill(tmp_path / "A" / "x", {"1.png": 1})
    fill(tmp_path / "B", {"1.png": 55})
    fill(tmp_path / "B" / "x", {"1.png": 101})
    dataset = open_pairs(Data(path=str(tmp_path), skip_bad=True), aligned=True)
    assert both(dataset.batch(np.arange(1))) == [(1, 101)]


@pytest.mark.parametrize("name", ["/etc/x.png", "../x.png", "", 5])
def test_a_column_cannot_point_outside_of_the_set(name: object, tmp_path: Path) -> None:
    two_columns(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "metadata.jsonl").read_text().split("\n")]
    rows[3]["drawing"] = name
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(SparringError, match=r"column drawing"):
        open_pairs(Data(path=str(tmp_path), pairs="drawing"), aligned=True)


@pytest.mark.parametrize("missing", [None, "drawings/none.png"])
@pytest.mark.parametrize("column", [None, "drawing"])
def test_a_row_without_a_partner_is_named_or_left_out(missing: str | None, column: str | None, tmp_path: Path) -> None:
    two_columns(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "metadata.jsonl").read_text().split("\n")]
    alone = rows[1]["file_name"]
    rows[1]["drawing"] = missing
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))
    config = Data(path=str(tmp_path), pairs=column)
    with pytest.raises(SparringError, match=rf"1 pictures have no partner in column drawing: .*{alone}: add it"):
        open_pairs(config, aligned=True)
    dataset = open_pairs(config.model_copy(update={"skip_bad": True}), aligned=True)
    assert len(dataset) == len(rows) - 1 and "1 without a partner left out" in dataset.source.layout
    assert both(dataset.batch(np.arange(len(dataset)))) == [(A[k], B[k]) for k in A if k not in alone]
    apart = open_pairs(config, aligned=False)
    assert apart.inputs is not None
    assert (len(apart), len(apart.inputs)) == (len(rows), len(rows) - 1)


def test_a_column_of_pictures_that_are_all_gone_is_named(tmp_path: Path) -> None:
    two_columns(tmp_path)
    for path in (tmp_path / "drawings").iterdir():
        path.unlink()
    with pytest.raises(SparringError, match="column drawing: names no picture that is there"):
        open_pairs(Data(path=str(tmp_path), pairs="drawing"), aligned=True)


def test_the_fingerprint_of_what_is_not_in_memory_knows_how_it_is_made(tmp_path: Path) -> None:
    halves = beside(tmp_path / "halves")
    fill(tmp_path / "whole", B)
    configs = [
        halves,
        halves.model_copy(update={"direction": "b-to-a"}),
        *(Data(path=str(tmp_path / "whole"), pairs=pairs) for pairs in ("blur:2", "blur:5", "gray")),
    ]
    found = [open_pairs(one.model_copy(update={"memory_gb": 0.0}), aligned=True) for one in configs]
    assert len({one.fingerprint for one in found}) == len(found)
    assert all(one.inputs is not None and one.inputs.fingerprint != one.fingerprint for one in found)


def test_two_columns_of_pictures_ask_for_a_choice(tmp_path: Path) -> None:
    two_columns(tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "metadata.jsonl").read_text().split("\n")]
    (tmp_path / "metadata.jsonl").write_text("\n".join(json.dumps(row | {"other": row["drawing"]}) for row in rows))
    with pytest.raises(UsageError, match=r"several columns name pictures: choose one, data.pairs=drawing"):
        open_pairs(Data(path=str(tmp_path)), aligned=True)


def test_a_part_that_one_side_lacks_is_no_part(tmp_path: Path) -> None:
    for folder, side in (("trainA", A), ("trainB", B), ("testA", A)):
        fill(tmp_path / folder, side)
    dataset = open_pairs(Data(path=str(tmp_path)), aligned=True)
    assert dataset.source.splits == ("train",)


def test_two_classes_are_two_sides_of_an_unpaired_set(tmp_path: Path) -> None:
    fill(tmp_path / "train" / "horses", A)
    fill(tmp_path / "train" / "zebras", B)
    fill(tmp_path / "test" / "zebras", {"1.png": 201})
    found = open_pairs(Data(path=str(tmp_path)), aligned=False)
    batch = found.batch(np.arange(8))
    assert isinstance(batch, Unpaired)
    assert set(values(batch.inputs)) == set(A.values())
    assert set(values(batch.pictures)) == set(B.values())
    turned = open_pairs(Data(path=str(tmp_path), direction="b-to-a"), aligned=False).batch(np.arange(8))
    assert set(values(turned.pictures)) == set(A.values())
    with pytest.raises(SparringError, match="class horses holds no pictures"):
        open_pairs(Data(path=str(tmp_path), split="test"), aligned=False)
    fill(tmp_path / "train" / "donkeys", A)
    with pytest.raises(UsageError, match=r"3 classes \(donkeys, horses, zebras\).*--inputs, or take stargan"):
        open_pairs(Data(path=str(tmp_path)), aligned=False)


def test_folders_of_sources_may_be_called_a_and_b(tmp_path: Path) -> None:
    for folder in ("a", "b", "c"):
        fill(tmp_path / "in" / folder, A)
        fill(tmp_path / "out" / folder, B)
    config = Data(path=str(tmp_path / "out"), inputs=str(tmp_path / "in"))
    assert len(open_pairs(config, aligned=True)) == 24
    (tmp_path / "in" / "a").rename(tmp_path / "in" / "train")
    with pytest.raises(SparringError, match="16 pictures have no partner"):
        open_pairs(config, aligned=True)


def test_a_side_without_a_picture_and_a_stray_picture_are_named(tmp_path: Path) -> None:
    fill(tmp_path / "A", A)
    (tmp_path / "B").mkdir()
    with pytest.raises(SparringError, match="side B holds no pictures"):
        open_pairs(Data(path=str(tmp_path)), aligned=True)
    fill(tmp_path / "B", B)
    fill(tmp_path, {"preview.png": 1})
    with pytest.raises(SparringError, match=r"preview\.png lies beside the folders A and B"):
        open_pairs(Data(path=str(tmp_path)), aligned=True)
