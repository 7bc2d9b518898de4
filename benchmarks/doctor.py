"""Tries the doctor on runs that are broken on purpose, and on healthy ones: what it says beside what was done.

    .venv/bin/python -m benchmarks.doctor play [--out build/doctor] [--seeds 0 2 4 5 6 7 8 9] [--only VERDICT]
    .venv/bin/python -m benchmarks.doctor unseen [--out build/doctor] [--seeds 5 6 7 8 9] [--only VERDICT]
    .venv/bin/python -m benchmarks.doctor table [--out build/doctor]

`play` trains all cases of `benchmarks/ailments.py` and `benchmarks/earlier.py`, about half a minute each on one core,
and goes on where it stopped; each leaves a file with the signals that the doctor wrote down and what an independent
judge saw: the exact modes of points, or what a classifier of the set's own classes says of 300 fakes. `unseen` does the
same with the ways of `benchmarks/unseen.py`. `table` reads what is there: what the doctor says beside what was done,
how soon, and how much of the training time it took.
"""

import argparse
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.ailments import CASES, Case
from benchmarks.earlier import EARLIER
from benchmarks.unseen import UNSEEN
from sparring.config import Data
from sparring.data import open_dataset
from sparring.data.batches import to_stored
from sparring.doctor.course import Course
from sparring.doctor.examiner import untouched
from sparring.doctor.verdicts import diagnose
from sparring.errors import Halted
from sparring.games.base import sampler
from sparring.metrics import modes
from sparring.metrics.features import look
from sparring.runs import folder, launch
from sparring.runs.environment import describe
from sparring.runs.evaluation import own_classifier
from sparring.runs.prepare import prepare
from sparring.runs.session import Session, Silent, Status

JUDGED = 300
HELD_OUT = 500
FOUND = (0, 2, 4, 5, 6, 7, 8)
"""Seeds of the runs that rules were found on."""
LONG = 20
"""Seconds of training, in shorter ones the preparation weighs most."""
NEAR = 0.05
"""Share of the budget within which the judge and the doctor speak of the same moment."""
FEW_GROUPS = 0.35
"""A collapse has begun when fakes are spread among fewer of the modes or classes than this share."""


def subset(name: str, count: int, out: Path) -> Path:
    """`count` training pictures of a set, and 500 others as its test part, as a file."""
    place = out / "data" / f"{Path(name).name}-{count}.npz"
    if not place.exists():
        whole = open_dataset(Data(path=name))
        order = np.random.default_rng(0).permutation(len(whole))
        parts = {"train": order[:count], "test": order[count : count + HELD_OUT]}
        arrays: dict[str, Any] = {}
        for part, rows in parts.items():
            stored = whole.rows(rows).numpy().transpose(0, 2, 3, 1)
            arrays[f"x_{part}"] = stored.reshape(len(rows), 2) if whole.spec.points else stored
            if whole.labels is not None and not whole.spec.points:
                arrays[f"y_{part}"] = whole.labels[rows]
        place.parent.mkdir(parents=True, exist_ok=True)
        np.savez(place, **arrays)
    return place


class Oracle(Silent):
    """Looks at the fakes at every row, by means that the doctor does not have."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.seen: list[dict[str, Any]] = []
        dataset = session.dataset
        self._modes = getattr(dataset.source, "modes", None)
        labelled = dataset.labels is not None and len(dataset) > 1000
        self._judge = own_classifier(dataset, lambda text: None) if self._modes is None and labelled else None

    def show(self, status: Status, news: bool) -> None:
        """Count the modes or classes of 300 fakes."""
        if not news or (self._modes is None and self._judge is None):
            return
        game, spec = self.session.trainer.game, self.session.dataset.spec
        product = sampler(game.product(dict(game.players.items())))
        with untouched(game), torch.no_grad():
            fakes = to_stored(product.generator(product.latent.numbered(1, 0, JUDGED)), spec.bits)
        if not np.isfinite(fakes).all():
            return
        if self._judge is not None:
            said = look(self._judge, fakes, spec.bits).probabilities
            assert said is not None
            counts = np.bincount(said.argmax(1), minlength=said.shape[1])
        else:
            source: Any = self.session.dataset.source
            counts = modes.of_points(fakes.reshape(len(fakes), 2), source.modes, source.sigma).counts
        shares = counts / max(counts.sum(), 1)
        even = float(np.exp(-sum(share * np.log(share) for share in shares if share)))
        self.seen.append({"images": status.images, "groups": even / len(counts), "good": float(counts.sum() / JUDGED)})


def play(verdict: str, case: Case, seed: int, out: Path) -> dict[str, Any]:
    """Train one case, and what there is to know of it."""
    name, _, few = case.data.partition(":")
    data = subset(name, int(few), out) if few else Path(name)
    settings = ["record.rows=2048", *case.settings]
    recipe = launch.resolve(case.recipe, settings, data, seed=seed, images=case.images)
    torch.manual_seed(seed)
    session = prepare(recipe, case.recipe, Silent())
    oracle = Oracle(session)
    if case.harm is not None:
        case.harm(session)
    session = replace(session, observer=oracle)
    with tempfile.TemporaryDirectory() as temporary:
        run = folder.create(Path(temporary) / "run", recipe, describe(session.dataset, session.device, case.recipe))
        halted = ""
        try:
            session.play(run)
        except Halted as stop:
            halted = str(stop)
        return {
            "verdict": verdict,
            "way": case.way,
            "recipe": recipe.model_dump(mode="json", exclude_none=True),
            "data": case.data,
            "seed": seed,
            "seconds": session.trainer.seconds,
            "halted": halted,
            "looks": run.looks(),
            "rows": run.rows(),
            "oracle": oracle.seen,
        }


def play_all(cases: dict[str, list[Case]], prefix: str, seeds: list[int], only: str, out: Path) -> None:
    """Train what has not been trained yet; several processes may do so at once."""
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    for seed in seeds:
        for verdict, number, case in [(verdict, *one) for verdict, some in cases.items() for one in enumerate(some)]:
            place = out / f"{prefix}{verdict.replace(' ', '-')}-{number:02}-{seed}.json"
            if place.exists() or only not in verdict:
                continue
            place.touch()  # another process takes the next one
            found = play(verdict, case, seed, out)
            place.write_text(json.dumps(found))
            looks = len(found["looks"])
            print(f"{place.stem:34} {case.recipe:12} {found['seconds']:5.1f} s {looks:4} looks", flush=True)


@dataclass(frozen=True)
class Played:
    """A run of the bench, and what the doctor says of it now.

    Attributes:
        truth: what was done to it.
        way: how.
        game: the game's name.
        data: the set.
        images: of the run.
        group: `found` if rules were found on it, `tried` if it is the same with another seed, or `unseen`.
        looked_at: whether the doctor had the time to look at all.
        final: verdicts at the last look, what began first at the beginning.
        named: for every verdict that was ever given, the share of the budget at which it was.
        judged: how evenly the judge saw the last fakes spread among modes or classes; nan without a judge.
        mostly: the same in the median over the run.
        confirmed: whether it saw a collapse when the doctor named one.
        began: the share at which the judge saw a collapse begin, or at which the harm was done.
        better: images at which the judge first saw the fakes spread among more than a few modes or classes.
        cost: the doctor's time beside that of the training, up to the last look.
        seconds: of training up to then.
    """

    truth: str
    way: str
    game: str
    data: str
    images: int
    group: str
    looked_at: bool
    final: tuple[str, ...]
    named: dict[str, float]
    judged: float
    mostly: float
    confirmed: bool
    began: float
    better: float
    cost: float
    seconds: float


def read(place: Path) -> Played:
    """Let the doctor look at what was written down, look by look as if it were live."""
    kept = json.loads(place.read_text())
    images = kept["recipe"]["images"]
    seen = Course(kept["looks"], [look["images"] / images for look in kept["looks"]])
    named: dict[str, float] = {}
    for count in range(1, len(seen) + 1):
        for one in diagnose(seen.until(count)):
            named.setdefault(one.verdict, float(seen.shares[count - 1]))
    final = [one.verdict for one in diagnose(seen)]
    if kept["halted"]:
        final, named = ["diverging", *final], {"diverging": kept["rows"][-1]["images"] / images, **named}
    sort = "found" if kept["seed"] in FOUND else "unseen" if place.name.startswith("unseen") else "tried"
    game = kept["recipe"]["game"]["name"]
    groups = [row["groups"] for row in kept["oracle"]] or [float("nan")]
    seen_at_all = bool(kept["looks"] or kept["halted"])
    confirmed = _confirmed(kept, named.get("mode collapse", float("nan")))
    about = kept["verdict"], kept["way"], game, Path(kept["data"]).name, images, sort, seen_at_all, tuple(final), named
    better = next((row["images"] for row in kept["oracle"] if row["groups"] >= FEW_GROUPS), float("nan"))
    return Played(*about, groups[-1], float(np.median(groups)), confirmed, _began(kept), better, *_cost(kept))


def _confirmed(kept: dict[str, Any], when: float) -> bool:
    """Whether the judge saw a collapse within a twentieth of the run before or after."""
    images = kept["recipe"]["images"]
    near = [row["groups"] for row in kept["oracle"] if abs(row["images"] / images - when) <= NEAR]
    return any(groups < FEW_GROUPS for groups in near)


def _began(kept: dict[str, Any]) -> float:
    """When the harm was done, and for a collapse when the judge saw it after that."""
    done = {"a third": 1 / 3, "half": 1 / 2}
    harm = next((share for words, share in done.items() if f"from {words} on" in kept["way"]), 0.0)
    if kept["verdict"] != "mode collapse" or not harm:
        return harm
    shares = [row["images"] / kept["recipe"]["images"] for row in kept["oracle"] if row["groups"] < FEW_GROUPS]
    return next((share for share in shares if share >= harm), float("nan"))


def _cost(kept: dict[str, Any]) -> tuple[float, float]:
    last = kept["looks"][-1] if kept["looks"] else {"spent": 0.0, "seconds": 1.0}
    return last.get("spent", float("nan")) / last["seconds"], last["seconds"]


def right(one: Played) -> bool:
    """Whether a healthy run was never called ill, or an ill one is called what it is at its end.

    A run that nothing was done to may fall ill by itself: one that the judge sees collapsed in the end should be called
    so, and one that it saw collapsed at the time may have been.
    """
    if one.truth != "healthy":
        return one.truth in one.final
    if one.judged < FEW_GROUPS:
        return "mode collapse" in one.final
    said = set(one.named) - ({"mode collapse"} if one.confirmed else set())
    return one.looked_at and not said


GROUPS = {
    "found": "seeds 0, 2, 4, 5, 6, 7, 8, rules found",
    "tried": "seed 9, same ways",
    "unseen": "seed 9, other recipes and sets",
}


def table(out: Path) -> None:
    """Print what the doctor says of all runs, those apart on which thresholds were found."""
    runs = [read(place) for place in sorted(out.glob("*.json")) if place.stat().st_size]
    print(f"| what was done | {' | '.join(GROUPS.values())} |\n| --- | --- | --- | --- |")
    for truth in CASES:
        cells = []
        for group in GROUPS:
            some = [right(one) for one in runs if one.truth == truth and one.group == group]
            cells.append(f"{sum(some)} of {len(some)}" if some else "")
        print(f"| {truth} | {' | '.join(cells)} |")
    others = [one for one in runs if one.group != "found"]
    well = [one for one in others if one.truth == "healthy" and not min(one.judged, one.mostly) < FEW_GROUPS]
    alarms = sum(not right(one) for one in well)
    print(f"\nOf {len(well)} runs that the judge sees collapsed neither at the end nor mostly, {alarms} had an alarm.")
    _confusion(others)
    _delays(others)
    _delays_beside_healthy(others)
    costs = [one.cost for one in others if one.seconds > LONG]
    print(
        f"\nOf the training time the doctor took {np.median(costs):.1%} in the median and {max(costs):.1%} at most "
        f"({len(costs)} runs of more than {LONG} seconds).\n"
    )
    for one in runs:
        if one.truth == "healthy" and one.judged < FEW_GROUPS:
            print(
                f"- fell ill by itself, as the judge sees it: {one.game}, {GROUPS[one.group]}: {', '.join(one.final)}"
            )
        if not right(one):
            silent = "nothing" if one.looked_at else "never looked at"
            said = ", ".join(f"{name} at {share:.0%}" for name, share in one.named.items())
            print(f"- {GROUPS[one.group]}: {one.truth}, {one.way} ({one.game}): {said or silent}")


def _confusion(runs: list[Played]) -> None:
    columns = [*list(CASES)[:-1], "healthy"]
    print("\nRows: what was done. Columns: the verdict that comes first at the end of the run.\n")
    print(f"| | {' | '.join(columns)} |\n| --- |{' --- |' * len(columns)}")
    for truth in columns:
        first = [one.final[0] if one.final else "healthy" for one in runs if one.truth == truth]
        print(f"| **{truth}** | {' | '.join(str(first.count(name) or '') for name in columns)} |")


def _delays(runs: list[Played]) -> None:
    print("\n| what began | runs | named at all | before it began | else after, median share of the run | at most |")
    print("| --- | --- | --- | --- | --- | --- |")
    for truth in ("mode collapse", "diverging"):
        for when, later in (("later", True), ("with the run", False)):
            some = [one for one in runs if one.truth == truth and (one.began > 0) is later]
            named = [one.named[truth] - one.began for one in some if truth in one.named]
            delays = [delay for delay in named if delay >= 0]
            if named:
                early = len(named) - len(delays)
                after = f"{np.median(delays):.1%} | {max(delays):.1%}" if delays else " | "
                cells = f"{len(some)} | {len(named)} | {early} | {after}"
                print(f"| {truth} {when} | {cells} |")


def _delays_beside_healthy(runs: list[Played]) -> None:
    """Of what is there from the first step, how soon it is named once a healthy run would have been better.

    Every run draws one thing at first, so nobody can see a harm before that.
    """
    print("\n| what was there from the first step | runs with a healthy twin | median share of the run | at most |")
    print("| --- | --- | --- | --- |")
    for truth in ("mode collapse", "diverging"):
        delays = []
        for one in runs:
            if one.truth == truth and not one.began and truth in one.named:
                twins = [other.better for other in runs if other.truth == "healthy" and _twins(one, other)]
                if twins:
                    delays.append(one.named[truth] - float(np.median(twins)) / one.images)
        if delays:
            print(f"| {truth} | {len(delays)} | {np.median(delays):.1%} | {max(delays):.1%} |")


def _twins(one: Played, other: Played) -> bool:
    return (one.game, one.data) == (other.game, other.data) and np.isfinite(other.better)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["play", "unseen", "table"])
    parser.add_argument("--out", type=Path, default=Path("build/doctor"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[9])
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    if asked.what == "play":
        play_all(CASES, "", asked.seeds, asked.only, asked.out)
        play_all(EARLIER, "earlier-", asked.seeds, asked.only, asked.out)
    elif asked.what == "unseen":
        play_all(UNSEEN, "unseen-", asked.seeds, asked.only, asked.out)
    else:
        table(asked.out)


if __name__ == "__main__":
    main()
