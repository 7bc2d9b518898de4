"""Long runs: killed at random moments they go on to the same weights, and their memory does not grow.

Run: python -m benchmarks.reliability kill [--times 50] [--recipes gan,dcgan] [--set key=value ...]
                                           [--nproc 2 | --bfloat16 --images 8000]
     python -m benchmarks.reliability soak [--minutes 30] [--recipe dcgan] [--set key=value ...]
(50 kills take a quarter of an hour)

`kill` saves after every step, so that most kills fall into a checkpoint that is being written. A run is killed at a
random share of its images, half of them a second time while they resume, and then goes on to its end. Of several
processes that play one run, half of the kills hit a single one: the others should save and end by themselves; and each
resume has as many processes as the run had, or one. `--bfloat16` has the runs find that this way of computing was the
fastest here, which only runs of 500 steps ask.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from sparring import files
from sparring.data import open_dataset
from sparring.errors import SparringError
from sparring.runs import checkpoint, trial
from sparring.runs.launch import resolve
from sparring.training.speed import Speed, on_threads

LATENT = "game.latent=5"
GRAY = "data.pairs=gray"
CASES: dict[str, tuple[str, ...]] = {
    "gan": (LATENT,),
    "dcgan": (LATENT,),
    "wgan-gp": (LATENT,),
    "relativistic": (LATENT,),
    "conditional": (LATENT,),
    "semi-supervised": (LATENT,),
    "vae": (LATENT,),
    "pix2pix": (GRAY,),
    "cyclegan": (GRAY,),
    "stargan": (),
    "infogan": (LATENT,),
    "projection": (LATENT,),
}
"""Recipes of different kinds, and what makes them small."""
TINY = (
    *("game.width=4", "batch_size=16", "record.rows=160", "record.samples=640", "record.keep_every=640"),
    "record.checkpoint_seconds=1e-9",  # after every step
)
SEED = 1
TURN = 0.3
"""Seconds within which a kill comes once the run has got so far: a few steps and checkpoints."""
PATIENCE = 60.0
"""Seconds within which the other processes should end once one was killed."""
EARLY = 0.15
"""Of the kills, the share that comes before the first checkpoint or while a resume is still reading."""


def start(*arguments: str | Path, log: Path) -> subprocess.Popen[bytes]:
    """The command in a session of its own, so that all of its processes can be killed at once."""
    command = [sys.executable, "-m", "sparring", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=file, env=environment, start_new_session=True)


def reached(run: Path) -> int:
    """Images of the checkpoint that `latest.json` points to; 0 before the first."""
    try:
        return int(json.loads((run / "latest.json").read_text())["images"])
    except FileNotFoundError:
        return 0


def pointed_to(run: Path) -> str:
    """What is wrong with the checkpoint that `latest.json` points to; empty if it is whole, or there is none yet."""
    try:
        if (run / "latest.json").exists():
            checkpoint.check(run / "checkpoints" / json.loads((run / "latest.json").read_text())["checkpoint"])
    except (SparringError, ValueError) as error:
        return str(error)
    return ""


def outcome(run: Path) -> list[str]:
    """Checksums of what a run has made: the shipped model, all players and the average of its last checkpoint."""
    last = checkpoint.latest(run / "checkpoints")
    assert last is not None
    paths = (run / "model" / "model.safetensors", last / checkpoint.GAME, last / checkpoint.AVERAGE)
    return [last.name, *(files.sha256(path) for path in paths)]


@dataclass
class Case:
    """What came of the kills of one recipe.

    Attributes:
        recipe: its name.
        shares: of the run, at which it was killed; resumes as well.
        resumes: how many of these kills hit a resume.
        runs: that were killed, once or twice each.
        ended: of these, went on to their end after the last kill.
        equal: of these, ended in the weights of one that was not killed.
        troubles: what went wrong, a line each.
    """

    recipe: str
    shares: list[float] = field(default_factory=list)
    resumes: int = 0
    runs: int = 0
    ended: int = 0
    equal: int = 0
    troubles: list[str] = field(default_factory=list)

    def row(self) -> str:
        """A line of the table."""
        shares = " ".join(f"{share:.0%}" for share in self.shares)
        results = f"{self.ended} of {self.runs} | {self.equal} of {self.runs}"
        return f"| `{self.recipe}` | {len(self.shares)} | {self.resumes} | {shares} | {results} |"


class Killer:
    """Kills runs of one recipe.

    Args:
        recipe: a name of `CASES`, or of any recipe that needs no settings of its own.
        settings: on top.
        images: of a run.
        processes: that play it.
        folder: for its runs.
        chance: where random moments come from.
    """

    def __init__(
        self, recipe: str, settings: list[str], images: int, processes: int, folder: Path, chance: random.Random
    ) -> None:
        self.case, self.images, self.folder, self.chance = Case(recipe), images, folder, chance
        self.processes = processes
        self.settings = [*TINY, *CASES.get(recipe, ()), *settings]
        folder.mkdir(parents=True)
        self.log = folder / "log.txt"
        began = time.perf_counter()
        if self._train("whole").wait():
            raise SystemExit(f"{recipe} does not train: see {self.log}")
        self.seconds = time.perf_counter() - began  # of which the start is about a half
        self.expected = outcome(folder / "whole")

    def _train(self, name: str) -> subprocess.Popen[bytes]:
        options = ["--data", "digits", "--seed", SEED, "--images", self.images, "--runs", self.folder, "--name", name]
        options += ["--nproc", self.processes]
        return start("train", self.case.recipe, *self.settings, *map(str, options), log=self.log)

    def _resume(self, run: Path) -> subprocess.Popen[bytes]:
        if not run.exists():  # it was not killed itself, and had not begun: then it leaves nothing
            return self._train(run.name)
        return start("resume", run, "--nproc", str(self.chance.choice([1, self.processes])), log=self.log)

    def play(self, most: int) -> int:
        """A run that is killed once, or twice; the number of kills, at most so many."""
        case, run = self.case, self.folder / f"killed-{self.case.runs}"
        case.runs += 1
        process = self._train(run.name)
        while not (run / "recipe.toml").exists() and process.poll() is None:
            time.sleep(0.002)
        kills = self._kill(process, run)
        if kills and kills < most and self.chance.random() < 0.5:
            again = self._kill(self._resume(run), run, resumes=True)
            case.resumes += again
            kills += again
        self._end(run)
        return kills

    def _kill(self, process: subprocess.Popen[bytes], run: Path, resumes: bool = False) -> int:
        """Kill it at a random moment; 0 if it ended before that."""
        if self.chance.random() < EARLY:
            time.sleep(self.chance.uniform(0, self.seconds / 2 if resumes else TURN))
        else:
            goal = self.chance.uniform(reached(run), self.images)
            while reached(run) < goal and process.poll() is None:
                time.sleep(0.002)
            time.sleep(self.chance.uniform(0, TURN))
        if not self._shot(process, run):
            return 0
        self.case.shares.append(reached(run) / self.images)
        if trouble := pointed_to(run):
            self.case.troubles.append(f"{run} after a kill at {self.case.shares[-1]:.1%}: {trouble}")
        return 1

    def _shot(self, process: subprocess.Popen[bytes], run: Path) -> bool:
        """Kill all of its processes, or one of several; whether there was still something to kill."""
        if process.poll() is not None:  # its number may be another's by now
            return False
        _, *players = family(process.pid)
        if len(players) < self.processes or self.processes == 1 or self.chance.random() < 0.5:
            for one in (process.pid, *players):
                with suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            return process.wait() == -signal.SIGKILL
        with suppress(ProcessLookupError):
            os.kill(self.chance.choice(players), signal.SIGKILL)
        try:
            return process.wait(PATIENCE) != 0
        except subprocess.TimeoutExpired:
            self.case.troubles.append(f"{run}: the others went on for {PATIENCE:.0f} s without one that was killed")
            os.killpg(process.pid, signal.SIGKILL)
            return True

    def _end(self, run: Path) -> None:
        """Go on to the end, and compare."""
        if code := self._resume(run).wait():
            self.case.troubles.append(f"{run} did not resume: exit code {code}, see {self.log}")
            return
        self.case.ended += 1
        if outcome(run) != self.expected:
            self.case.troubles.append(f"{run} ended in other weights than {self.folder / 'whole'}")
            return
        self.case.equal += 1
        shutil.rmtree(run)


def find_bfloat16(recipe: str, settings: list[str], images: int, home: Path) -> None:
    """Have runs believe that this way of computing was found to be the fastest, in the store of `home`."""
    os.environ["SPARRING_HOME"] = str(home)
    resolved = resolve(recipe, [*TINY, *CASES.get(recipe, ()), *settings], Path("digits"), seed=SEED, images=images)
    with on_threads(int(os.environ.get("OMP_NUM_THREADS", "1"))):
        place = trial.kept_at(resolved, open_dataset(resolved.data).spec, torch.device("cpu"))
    trial.keep(place, trial.Choice(Speed(precision="bfloat16"), gain=2.0), rate=1.0, lacking=0.0)


def kill(options: argparse.Namespace) -> bool:
    """Kill runs of these recipes, so many times in all; whether all went well. A recipe's first trouble is its last."""
    recipes, times, settings, images = options.recipes.split(","), options.times, options.set, options.images
    chance, folder = random.Random(options.seed), Path(tempfile.mkdtemp(prefix="reliability-"))
    print("| recipe | kills | of these in a resume | at a share of the run | resumed | equal |")
    print("| --- | --- | --- | --- | --- | --- |")
    cases = []
    for number, recipe in enumerate(recipes[:times]):
        if options.bfloat16:
            find_bfloat16(recipe, settings, images, folder / "home")
        killer = Killer(recipe, settings, images, options.nproc, folder / recipe, chance)
        left = times // len(recipes) + (number < times % len(recipes))
        while left > 0 and not killer.case.troubles:
            left -= killer.play(left)
        print(killer.case.row(), flush=True)
        cases.append(killer.case)
    kills, runs = sum(len(case.shares) for case in cases), sum(case.runs for case in cases)
    print(f"\n{kills} kills of {runs} runs: {sum(case.equal for case in cases)} ended in the same weights, bit for bit")
    troubles = [trouble for case in cases for trouble in case.troubles]
    for trouble in troubles:
        print(f"TROUBLE: {trouble}")
    if not troubles:
        shutil.rmtree(folder)
    return not troubles


def family(process: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield process
    for thread in Path(f"/proc/{process}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from family(int(child))


def resident(process: int) -> float:
    """Megabytes that a process and all that it has started hold in memory; 0 once it is gone. On Linux."""
    pages = 0
    try:
        for one in family(process):
            pages += int(Path(f"/proc/{one}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def tenths(memory: NDArray[np.float64]) -> list[float]:
    """The median of each tenth of the time."""
    return [float(np.median(part)) for part in np.array_split(memory, 10)]


def slope(seconds: NDArray[np.float64], memory: NDArray[np.float64]) -> float:
    """Megabytes an hour by which memory grows after the first tenth, by least squares."""
    first = len(seconds) // 10
    return float(np.polyfit(seconds[first:] / 3600, memory[first:], 1)[0])


def soak(recipe: str, settings: list[str], minutes: float) -> bool:
    """Train for so long and look at the memory; whether there was enough to say something."""
    folder = Path(tempfile.mkdtemp(prefix="reliability-"))
    run, log = folder / "soak", folder / "log.txt"
    options = ("--data", "digits", "--seed", SEED, "--minutes", minutes, "--runs", folder, "--name", run.name)
    process, rows = start("train", recipe, *settings, *map(str, options), log=log), list[tuple[float, float]]()
    while process.poll() is None:
        held = resident(process.pid)
        if held and (run / "samples" / "000000000.png").exists():  # it trains
            rows.append((time.perf_counter(), held))
        time.sleep(min(5, minutes))  # seconds
    if process.returncode or len(rows) < 20:
        print(f"exit code {process.returncode} after {len(rows)} looks: see {log}")
        return False
    seconds, memory = np.array(rows).T
    found = tenths(memory)
    print(f"`{recipe}` {' '.join(settings)}: {(seconds[-1] - seconds[0]) / 60:.1f} minutes, {len(rows)} looks\n")
    print("| tenth of the time | " + " | ".join(map(str, range(1, 11))) + " |\n|" + " --- |" * 11)
    print("| median memory, MB | " + " | ".join(f"{value:,.1f}" for value in found) + " |\n")
    print(f"after the first tenth: {slope(seconds, memory):+.1f} MB an hour; last tenth against second:", end=" ")
    print(f"{found[-1] - found[1]:+.1f} MB; most {memory.max():,.1f} MB, {reached(run):,} images")
    shutil.rmtree(folder)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    killing = commands.add_parser("kill")
    killing.add_argument("--times", type=int, default=50)
    killing.add_argument("--recipes", default=",".join(CASES))
    killing.add_argument("--images", type=int, default=3200)
    killing.add_argument("--seed", type=int, default=0, help="of the moments")
    killing.add_argument("--nproc", type=int, default=1, help="processes that play a run")
    killing.add_argument("--bfloat16", action="store_true", help="compute in bfloat16")
    soaking = commands.add_parser("soak")
    soaking.add_argument("--minutes", type=float, default=30)
    soaking.add_argument("--recipe", default="dcgan")
    for command in (killing, soaking):
        command.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", action="extend")
    options = parser.parse_args()
    fine = kill(options) if options.command == "kill" else soak(options.recipe, options.set, options.minutes)
    sys.exit(not fine)


if __name__ == "__main__":
    main()
