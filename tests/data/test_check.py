"""`sparring data check`: each fault is found, by name, and only what stops a training is fatal."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sparring.data.check import inspect
from sparring.data.suspect import Finding
from sparring.errors import UsageError

Save = Callable[..., Path]


def kinds(findings: list[Finding]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for finding in findings:
        found.setdefault(finding.kind, []).append(finding.name)
    return found


def test_a_healthy_set_has_no_findings(class_folders: Path) -> None:
    report = inspect(str(class_folders))
    assert report.findings == [] and not report.fatal
    assert report.count == 6 and report.classes == {"cat": 2, "dog": 4} and report.splits == ("test", "train")
    assert report.sizes == {(16, 16): 6} and report.modes == {"RGB": 6} and report.bits == {8: 6}
    assert inspect(str(class_folders), "test").count == 2


def test_every_fault_is_found_by_name(tmp_path: Path, save: Save, truncated: Callable[[Path], Path]) -> None:
    for seed in range(5):
        save(tmp_path / f"cat/{seed}.png", seed=seed)
        save(tmp_path / f"dog/{seed}.png", seed=seed + 10)
    truncated(tmp_path / "cat/cut.png")
    (tmp_path / "cat/text.png").write_text("hello")
    save(tmp_path / "cat/grey.png", mode="L", seed=20)
    save(tmp_path / "cat/large.png", size=(40, 16), seed=21)
    (tmp_path / "dog/twin.png").write_bytes((tmp_path / "dog/0.png").read_bytes())
    (tmp_path / "dog/cat.png").write_bytes((tmp_path / "cat/0.png").read_bytes())
    save(tmp_path / "emu/only.png", seed=30)
    report = inspect(str(tmp_path))
    assert kinds(report.findings) == {
        "truncated": ["cat/cut.png"],
        "broken": ["cat/text.png"],
        "odd size": ["cat/large.png"],
        "odd mode": ["cat/grey.png"],
        "duplicate": ["dog/cat.png", "dog/twin.png"],
        "label": ["dog/cat.png", "emu"],
    }
    assert {finding.name for finding in report.findings if finding.fatal} == {"cat/cut.png", "cat/text.png"}
    assert report.fatal and report.count == 17 and report.sizes == {(16, 16): 14, (16, 40): 1}
    (tmp_path / "cat/cut.png").unlink()
    (tmp_path / "cat/text.png").unlink()
    assert not inspect(str(tmp_path)).fatal


def test_another_depth_is_fatal(tmp_path: Path, save: Save) -> None:
    for seed in range(3):
        save(tmp_path / f"{seed}.png", mode="L", seed=seed)
    Image.fromarray(np.zeros((16, 16), np.uint16)).save(tmp_path / "deep.png")
    report = inspect(str(tmp_path))
    assert report.fatal and kinds(report.findings) == {"odd mode": ["deep.png"]}


def test_labels_out_of_range_are_fatal(tmp_path: Path, save: Save) -> None:
    save(tmp_path / "a.png")
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": [["a.png", -3]]}))
    report = inspect(str(tmp_path))
    assert report.fatal and report.findings[0].kind == "label" and "label -3 of 'a.png'" in report.findings[0].detail


@pytest.mark.parametrize("name", ["labels", "x"])
def test_nothing_to_train_on_is_fatal(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    report = inspect(str(tmp_path / name))
    assert report.fatal and report.findings[0].kind == "broken" and "holds no pictures" in report.findings[0].detail
    np.save(tmp_path / "none.npy", np.zeros((0, 8, 8), np.uint8))
    assert inspect(str(tmp_path / "none.npy")).fatal


def test_rows_of_arrays_are_compared(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8), np.uint8)
    images[4] = images[1]
    np.savez(tmp_path / "x.npz", images=images, labels=np.array([0, 0, 2, 2, 2, 2]))
    found = kinds(inspect(str(tmp_path / "x.npz")).findings)
    row = f"{tmp_path / 'x.npz'}[4]"
    assert found == {"duplicate": [row], "label": [row, "1"]}


def test_a_wrong_name_is_no_report() -> None:
    with pytest.raises(UsageError):
        inspect("digitz")


def test_a_long_inspection_is_announced(class_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparring.data.parallel._SECONDS_BETWEEN", 0.0)
    said: list[str] = []
    inspect(str(class_folders), announce=said.append)
    assert said == [
        "checking pictures: 6 of 6",
        "looking for near-duplicates: 6 of 6",
        "checking the test part: 2 of 2",
        "looking for near-duplicates: 2 of 2",
    ]
