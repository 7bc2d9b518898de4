"""The loop: it plays the moves of a game, step by step, and knows nothing of losses, files or metrics."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images
from sparring.errors import Halted
from sparring.games.base import Game, Move, Terms
from sparring.seeds import mix
from sparring.training.averages import Averages
from sparring.training.device import reseed
from sparring.training.distributed import ALONE, Lost, Ranks
from sparring.training.graph import Graph
from sparring.training.optimisers import Bench, optimisers
from sparring.training.parts import Parts
from sparring.training.progress import Progress, Stream
from sparring.training.recording import Recorder, Turn
from sparring.training.schedules import rate_factor
from sparring.training.speed import EXACT, Speed
from sparring.training.tally import Tally, first_bad, read
from sparring.training.tape import Tape


class Trainer:
    """Plays a game on a device.

    A step seeds the global random state from (seed, step), and its batches are numbered by the step, so that a trainer
    that was given back its `state` goes on exactly as if it had never stopped.

    Attributes:
        device: where it computes.
        speed: how.
        alone: whether no other process plays with it.

    Args:
        game: what is played; it is moved to the device.
        optimizer: settings of every optimiser.
        schedule: of the learning rate.
        average: of the players that the game ships.
        seed: of the run.
        device: where to compute.
        used: the share of the budget that so many images and seconds of training use up; without one nothing is.
        speed: how the arithmetic is done.
        parts: that a batch is played in.
        ranks: the processes that share them out; each is given a stream of its own part of every batch.
    """

    def __init__(
        self,
        game: Game,
        optimizer: Optimizer,
        schedule: Schedule,
        average: Average,
        seed: int,
        device: torch.device,
        used: Callable[[int, float], float] = lambda images, seconds: 0.0,
        speed: Speed = EXACT,
        parts: int = 1,
        ranks: Ranks = ALONE,
    ) -> None:
        self.game = game.to(device).train()
        speed.lay_out(game)
        self._players: dict[str, nn.Module] = dict(game.players.items())
        self._moves = game.moves()
        self._draws = max(move.repeat for move in self._moves)
        self._bench = Bench(self._players)
        self._rate, self._schedule, self._used = optimizer.lr, schedule, used
        self._optimisers = optimisers(self._players, [move.trains for move in self._moves], optimizer)
        self._tallies = {move.name: Tally(move.name) for move in self._moves}
        self.averages = Averages(
            {name: self._players[name] for name in game.averaged}, average.half_life, average.ramp
        ).to(device)
        speed.speed_up(game)
        self._parts, self._ranks, self.alone = Parts(game, parts, ranks), ranks, ranks.alone
        self._seed, self.device, self.speed = seed, device, speed
        self._recorder = (
            Recorder(Graph if device.type == "cuda" else Tape) if speed.recorded and self._parts.whole else None
        )
        if self._recorder:
            for optimiser in self._optimisers.values():
                optimiser.hold()
        self.step = self.images = 0
        self.seconds = 0.0

    def run(self, stream: Stream, images: int | None = None) -> Iterator[Progress]:
        """Play steps until so many images have been shown (for ever if None), yielding after each.

        What the caller does between two steps, such as sampling or saving, is not counted in `seconds` (reading the
        losses is) and cannot change the training. Where several processes play, all step when the one that leads does,
        and leave off when it says so (`dismiss`).

        Raises:
            Lost: another process is gone.
        """
        batches = stream.starting(self.step * self._draws)
        while images is None or self.images < images:
            said = self._ranks.go_on(self.seconds)
            if said is None:
                return
            self.seconds = said
            began = time.perf_counter()
            with self.speed.rounding():
                self._play_step(batches)
            self.seconds += time.perf_counter() - began
            yield Progress(self.step, self.images, self.seconds)

    def dismiss(self) -> None:
        """Tell the other processes, if this is the one that leads, that no step is to come."""
        with suppress(Lost):
            self._ranks.stop()

    def improvise(self) -> None:
        """Play every step as it is from now on, which is what a recording is compared with."""
        self._recorder = None

    def _play_step(self, batches: Iterator[Images]) -> None:
        reseed(mix("step", self._seed, self.step), self.device)
        self._set_rate()
        shown = 0
        moves = [move for move in self._moves if self.step % move.every == 0 and (move.when is None or move.when())]
        for turns_left in range(self._draws, 0, -1):
            batch = next(batches).to(self.device)
            shown += len(batch) * self._ranks.world
            self._play_batch(batch, [move for move in moves if move.repeat >= turns_left], turns_left)
        self.step += 1
        self.images += shown
        self.averages.update(self.images, shown)

    def _play_batch(self, batch: Images, moves: list[Move], turn: int = 1) -> None:
        perform = partial(self._perform, moves=moves, turn=turn)
        names = [move.name for move in moves]
        turns = self._recorder.play(names, batch, perform) if self._recorder else perform(batch)
        for move, one in zip(moves, turns, strict=True):
            self._optimisers[frozenset(move.trains)].take(one.gradients)
            self._tallies[move.name].add(self.step, one.terms, one.values)

    def _perform(self, batch: Images, moves: list[Move], turn: int) -> list[Turn]:
        # whoever moves on this batch may use the graph of what is prepared for it
        self._bench.only(frozenset(name for move in moves for name in move.trains))
        prepared = []
        for at, part in enumerate(self._parts.cut(batch)):
            with self._part(at, "prepare", turn):
                prepared.append(self.game.prepare(part))
        turns = [self._play(move, prepared, turn) for move in moves]
        self._parts.settle()
        return turns

    def _play(self, move: Move, prepared: list[Any], turn: int) -> Turn:
        team = frozenset(move.trains)
        optimiser = self._optimisers[team]
        self._bench.only(team)
        optimiser.clear()
        totals, terms = [], Terms()
        for at, one in enumerate(prepared):
            with self._part(at, move.name, turn):
                terms = move.loss(one)
            losses = torch.stack(list(terms.values()))
            torch.autograd.backward(losses.sum())
            totals.append(losses.detach())
        total = totals[0] if len(totals) == 1 else torch.stack(totals).sum(0)
        gradients = optimiser.gradients()
        self._parts.average_([*gradients, total])
        optimiser.step()
        if move.after is not None:
            with torch.no_grad():
                move.after()
        return Turn(tuple(terms), total, gradients)

    @contextmanager
    def _part(self, at: int, what: str, turn: int) -> Iterator[None]:
        """While something is computed of a part, with noise of its own: a batch in one part has that of the step."""
        if not self._parts.whole:
            reseed(mix(f"part: {what}", self._seed, self.step, turn, self._parts.number(at)), self.device)
        with self._parts.playing(at), self.speed.autocast(self.device):
            yield

    def slopes(self, batch: Images, number: int) -> dict[str, tuple[Tensor, Tensor]]:
        """Of every move on a batch, its loss terms, [T], and their gradient, [number of weights]; nobody moves.

        Args:
            batch: of pictures.
            number: of the noise that goes with it.
        """
        found = {}
        for move in self._moves:
            reseed(mix("slopes", self._seed, number), self.device)
            team = frozenset(move.trains)
            self._bench.only(team)
            with self.speed.rounding():
                with self.speed.autocast(self.device):
                    terms = move.loss(self.game.prepare(batch.to(self.device)))
                self._optimisers[team].clear()
                losses = torch.stack(list(terms.values()))
                torch.autograd.backward(losses.sum())
            gradient = torch.cat([one.flatten() for one in self._optimisers[team].gradients()])
            found[move.name] = losses.detach(), gradient
            self._optimisers[team].clear()
        return found

    def _set_rate(self) -> None:
        schedule = self._schedule
        used = self._used(self.images, self.seconds)
        factor = rate_factor(self.images, used, schedule.warmup, schedule.decay_from)
        for optimiser in self._optimisers.values():
            optimiser.lr = self._rate * factor

    def losses(self) -> dict[str, float]:
        """The mean of every loss term since the last call; waits for the device, which counts as training.

        Raises:
            Halted: a term was not finite; the message names the first one and the step.
        """
        began = time.perf_counter()
        means, bad = read(list(self._tallies.values()))
        self.seconds += time.perf_counter() - began
        if bad is not None:
            suspects = next(move.trains for move in self._moves if move.name == bad.move)
            found = self._first_bad_tensor(suspects) or "the loss itself"
            raise Halted(f"loss {bad.term!r} is not finite at step {bad.step + 1:,}; first bad tensor: {found}")
        return means

    def vitals(self, player: str) -> dict[str, float]:
        """How a player, and all who moved with it, moved in its last turn: `Optimiser.vitals`; nothing if none did."""
        return next((one.vitals() for team, one in self._optimisers.items() if player in team), {})

    def check(self) -> None:
        """Make sure that every number to be saved is finite: weights, statistics, averages, optimisers.

        Raises:
            Halted: one is not; the message names the first.
        """
        if found := self._first_bad_tensor(()):
            raise Halted(f"not finite after step {self.step:,}; first bad tensor: {found}")

    def _first_bad_tensor(self, suspects: tuple[str, ...]) -> str:
        """Its name, those of the suspected players first; empty if all are finite."""
        named = [
            *(
                (f"players.{name}.{key}", value)
                for name in suspects
                for key, value in self._players[name].state_dict().items()
            ),
            *self.game.state_dict().items(),
            *((f"averages.{key}", value) for key, value in self.averages.state_dict().items()),
            *(
                (f"optimizers.{'+'.join(sorted(team))}.{kind}.{number}", value)
                for team, optimiser in self._optimisers.items()
                for kind, column in optimiser.state().items()
                for number, value in enumerate(column)
            ),
        ]
        return first_bad(named)

    def follow(self) -> None:
        """Take over from the process that leads all that it has, at the start or after it went back to a checkpoint.

        Raises:
            Lost: a process is gone.
        """
        remembered = [column for optimiser in self._optimisers.values() for column in optimiser.state().values()]
        kept = [
            *self.game.state_dict().values(),
            *self.averages.state_dict().values(),
            *chain.from_iterable(remembered),
        ]
        self._ranks.follow_(kept)
        counts = torch.tensor([self.step, self.images])
        self._ranks.follow_([counts])
        self.step, self.images = counts.tolist()

    def state(self) -> dict[str, Any]:
        """What a checkpoint needs beside the weights of game and averages: counters and optimisers, no code."""
        return {
            "step": self.step,
            "images": self.images,
            "seconds": self.seconds,
            "optimizers": {"+".join(sorted(team)): optimiser.state() for team, optimiser in self._optimisers.items()},
        }

    def restore(self, game: Mapping[str, Tensor], averages: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go back to where `state`, and the weights that were saved with it, were taken.

        Raises:
            RuntimeError: the weights do not fit this game.
        """
        self.game.load_state_dict(game)
        self.averages.players.load_state_dict(averages)
        for team, optimiser in self._optimisers.items():
            optimiser.restore(state["optimizers"]["+".join(sorted(team))])
        self.step, self.images, self.seconds = state["step"], state["images"], state["seconds"]
