"""The shape of the house: what the map says, what imports what, and how heavy the front door is."""

import re
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import sparring
from sparring import games
from sparring.recipes import recipe_names

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "sparring"


def test_the_map_names_every_file_and_no_other() -> None:
    text = (ROOT / "docs" / "map.md").read_text()
    named = set(re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE))
    there = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*") if path.suffix in (".py", ".toml", ".jinja")}
    assert named == there


def test_the_map_says_something_about_each() -> None:
    rows = re.findall(r"^\| `[^`]+` \| (.*) \|$", (ROOT / "docs" / "map.md").read_text(), flags=re.MULTILINE)
    assert all(len(row) > 15 for row in rows)
    assert len(set(rows)) == len(rows)


def test_help_needs_no_torch() -> None:
    code = "import sys, sparring.cli.main; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_starts_without_the_heavy_packages() -> None:
    code = (
        "import sys, sparring.runs.launch as l; from sparring.runs.prepare import prepare, Silent\n"
        "prepare(l.resolve('gan', [], data='digits', images=64), 'x', Silent())\n"
        "heavy = ('sklearn', 'scipy', 'matplotlib', 'torchvision', 'torch._dynamo', 'tifffile', 'imagecodecs', 'av')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("recipe", ["dcgan", "relativistic-projection"])
def test_a_model_is_loaded_without_the_compiler(recipe: str, tmp_path: Path) -> None:
    run = sparring.train(recipe, "game.width=4", "batch_size=4", data="digits", runs=tmp_path, name="a", images=4)
    code = f"import sys, sparring; sparring.load({run.folder!r}); print('torch._dynamo' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_constraints_pin_torch_first_and_never_torchvision() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == "torch==2.13.0"
    assert not any("torchvision" in line for line in lines)
    assert all("==" in line for line in lines)


def test_files_stay_short() -> None:
    long = [str(path) for path in SOURCE.rglob("*.py") if len(path.read_text().splitlines()) > 300]
    assert not long


def test_every_link_in_the_documents_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())]
    relative = [(page, link) for page, link in links if not link.startswith("http")]
    assert len(relative) > 5
    assert not [f"{page.name}: {link}" for page, link in relative if not (page.parent / link).exists()]


def test_the_wheel_holds_the_recipes_and_the_page(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        packed = {name.removeprefix("sparring/") for name in archive.namelist() if name.startswith("sparring/")}
    there = {str(path.relative_to(SOURCE)) for path in SOURCE.rglob("*") if path.suffix in (".py", ".toml", ".jinja")}
    assert there <= packed


def test_every_game_has_a_page_with_a_picture_and_a_recipe_of_its_name() -> None:
    folder = ROOT / "docs" / "games"
    assert {path.stem for path in folder.glob("*.md")} == {*games.names(), "README"}
    assert set(games.names()) <= set(recipe_names())
    index = (folder / "README.md").read_text()
    for name in games.names():
        assert f"[`{name}`]({name}.md)" in index
        assert f"sparring train {name}" in (folder / f"{name}.md").read_text(), name
