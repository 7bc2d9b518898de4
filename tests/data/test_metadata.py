"""StyleGAN's dataset.json and Hugging Face's metadata tables, in a folder or in a zip."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sparring.config import Data
from sparring.data import open_dataset
from sparring.data.recognise import open_source
from sparring.data.sources import BrokenPicture
from sparring.errors import SparringError, UsageError

Save = Callable[..., Path]


def lines(path: Path, rows: Sequence[object]) -> None:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")


@pytest.fixture
def four(tmp_path: Path, save: Save) -> Path:
    root = tmp_path / "set"
    for seed in range(4):
        save(root / f"color/{seed}.png", seed=seed)
        save(root / f"line/{seed}.png", seed=seed + 10)
    return root


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_only_the_pictures_of_file_name_are_taken(four: Path, packed: Callable[..., Path], kind: str) -> None:
    words = ["ape", "bee", "ape", "cat"]
    lines(
        four / "metadata.jsonl",
        [{"file_name": f"color/{i}.png", "label": w, "text": f"an {w}"} for i, w in enumerate(words)],
    )
    source = open_source(str(four if kind == "folder" else packed(four, four.parent / "x.zip")))
    assert len(source) == 4 and source.classes == ("ape", "bee", "cat")
    assert source.labels is not None and source.labels.tolist() == [0, 1, 0, 2]
    assert source.captions == ("an ape", "an bee", "an ape", "an cat")
    assert source.name(3).endswith("color/3.png") and source.read(3).shape == (16, 16, 3)


def test_csv_and_numbers(four: Path) -> None:
    (four / "metadata.csv").write_text('file_name,label,text\ncolor/1.png,2,"a, b"\ncolor/0.png,0,c\n')
    source = open_source(str(four))
    assert source.labels is not None and source.labels.tolist() == [2, 0]
    assert source.classes == ("0", "1", "2") and source.captions == ("a, b", "c")


def test_a_table_in_each_split(tmp_path: Path, save: Save) -> None:
    for part, count in (("train", 2), ("test", 1)):
        for index in range(count):
            save(tmp_path / part / f"{index}.png")
        lines(tmp_path / part / "metadata.jsonl", [{"file_name": f"{i}.png"} for i in range(count)])
    assert len(open_source(str(tmp_path))) == 2 and len(open_source(str(tmp_path), "test")) == 1


def test_one_table_for_all_splits(tmp_path: Path, save: Save) -> None:
    names = ["train/a.png", "train/b.png", "test/c.png"]
    for name in names:
        save(tmp_path / name)
    lines(tmp_path / "metadata.jsonl", [{"file_name": name} for name in names])
    assert [open_source(str(tmp_path), "test").name(0)] == ["test/c.png"] and len(open_source(str(tmp_path))) == 2


@pytest.mark.parametrize(
    ("values", "classes", "labels"),
    [
        (["wild", "tame", "wild"], ("tame", "wild"), [1, 0, 1]),
        ([2, 0, 2], ("0", "1", "2"), [2, 0, 2]),
        ([True, False, False], ("false", "true"), [1, 0, 0]),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_classes_may_come_from_another_column(
    four: Path, kind: str, values: list[object], classes: tuple[str, ...], labels: list[int]
) -> None:
    if kind == "jsonl":
        lines(
            four / "metadata.jsonl",
            [{"file_name": f"color/{i}.png", "kind": v, "label": 0} for i, v in enumerate(values)],
        )
    else:
        rows = [f"color/{i}.png,0,{json.dumps(v) if isinstance(v, bool) else v}" for i, v in enumerate(values)]
        (four / "metadata.csv").write_text("\n".join(["file_name,label,kind", *rows]) + "\n")
    assert "other columns: kind" in open_source(str(four)).layout
    dataset = open_dataset(Data(path=str(four), label="kind"))
    assert dataset.spec.classes == classes
    assert dataset.source.layout.endswith(f"{len(classes)} classes by kind")
    assert dataset.labels is not None and dataset.labels.tolist() == labels


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("kinds", "no such column: did you mean 'kind'?"),
        ("some", r"label None of 'color/1\.png' is not a class name"),
        ("none", "no picture has a value there"),
        ("list", r"label \[1\] of 'color/0\.png' is not a class number"),
    ],
)
def test_a_column_that_names_no_classes_is_refused(four: Path, column: str, said: str) -> None:
    values: dict[str, list[object]] = {
        "kind": ["a", "b"],
        "some": ["a", None],
        "none": [None, None],
        "list": [[1], [2]],
    }
    lines(
        four / "metadata.jsonl",
        [{"file_name": f"color/{i}.png"} | {name: two[i] for name, two in values.items()} for i in range(2)],
    )
    with pytest.raises(SparringError, match=said):
        open_dataset(Data(path=str(four), label=column))


def test_another_column_may_name_the_classes_where_label_is_full_of_holes(four: Path) -> None:
    rows = [{"file_name": "color/0.png", "label": 1, "kind": "a"}, {"file_name": "color/1.png", "kind": "b"}]
    lines(four / "metadata.jsonl", rows)
    assert open_dataset(Data(path=str(four), label="kind")).spec.classes == ("a", "b")
    with pytest.raises(SparringError, match=r"metadata\.jsonl: label None of 'color/1\.png'"):
        open_dataset(Data(path=str(four)))


def test_a_column_of_pictures_without_a_table_is_refused(four: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.label=kind: no metadata table"):
        open_dataset(Data(path=str(four), label="kind"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"text": "x"}], "a row has no file_name"),
        ([{"file_name": "../../a.png"}], "points outside of the set"),
        ([{"file_name": "/a.png"}], "points outside of the set"),
        ([["color/0.png"]], "line 1 is not an object"),
        ([], "names no pictures"),
        (
            [{"file_name": "color/0.png", "label": 0}, {"file_name": "color/1.png", "label": "x"}],
            "'x' of 'color/1.png' is not a class num",
        ),
        ([{"file_name": "color/0.png", "label": -1}], "label -1 of 'color/0.png' is out of range"),
        ([{"file_name": "color/0.png", "label": 1.5}], "is not a class number"),
        ([{"file_name": "color/0.png", "label": 1}, {"file_name": "color/1.png"}], "label None of 'color/1.png'"),
    ],
)
def test_a_bad_row_is_one_clear_line(four: Path, rows: Sequence[object], said: str) -> None:
    lines(four / "metadata.jsonl", rows)
    with pytest.raises(SparringError) as raised:
        open_source(str(four))
    assert said in str(raised.value) and "metadata.jsonl" in str(raised.value) and "\n" not in str(raised.value)


def test_a_line_that_is_not_json_is_numbered(four: Path) -> None:
    (four / "metadata.jsonl").write_text('{"file_name": "color/0.png"}\n{oops\n')
    with pytest.raises(SparringError, match=r"metadata\.jsonl line 2 is not JSON"):
        open_source(str(four))


def test_a_row_without_its_file_is_a_broken_picture(four: Path) -> None:
    lines(four / "metadata.jsonl", [{"file_name": "color/0.png"}, {"file_name": "color/gone.png"}])
    source = open_source(str(four))
    with pytest.raises(BrokenPicture, match=r"color/gone\.png: the file is not there"):
        source.read(1)


def stylegan(root: Path, labels: Any) -> Path:
    (root / "dataset.json").write_text(json.dumps({"labels": labels}))
    return root


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_stylegan_labels(tmp_path: Path, save: Save, packed: Callable[..., Path], kind: str) -> None:
    for index in range(3):
        save(tmp_path / f"s/00000/img{index}.png", seed=index)
    root = stylegan(tmp_path / "s", [[f"00000/img{i}.png", label] for i, label in ((2, 0), (0, 5), (1, 1))])
    source = open_source(str(root if kind == "folder" else packed(root, tmp_path / "x.zip")))
    assert source.labels is not None and source.labels.tolist() == [5, 1, 0] and len(source.classes) == 6


def test_stylegan_labels_may_be_null(four: Path) -> None:
    source = open_source(str(stylegan(four, None)))
    assert source.labels is None and len(source) == 8


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([["color/0.png", 0]], r"1 labels for 8 pictures: 'color/1\.png' has none"),
        (
            [[f"{k}/{i}.png", -2] for k in ("color", "line") for i in range(4)],
            "label -2 of 'color/0.png' is out of range",
        ),
        ([[f"{k}/{i}.png", [0.5, 1]] for k in ("color", "line") for i in range(4)], "is a vector"),
        ({"color/0.png": 1}, "labels must be null or"),
    ],
)
def test_bad_stylegan_labels(four: Path, labels: object, said: str) -> None:
    with pytest.raises(SparringError, match=said):
        open_source(str(stylegan(four, labels)))


def test_real_emoji_are_the_colour_ones_only() -> None:
    archive = Path(__file__).parents[2].parent / "shared/data/openmoji-128.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not here")
    source = open_source(str(archive))
    assert len(source) == 4495 and source.captions is not None and source.captions[0] == "grinning face"
    assert {source.name(i).partition("/")[0] for i in range(len(source))} == {"color"}
