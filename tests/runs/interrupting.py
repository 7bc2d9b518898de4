"""Somebody who stops a run."""

import signal

from sparring.runs.session import Silent, Status

NEVER = -1


class Watcher(Silent):
    """Interrupts after some images, as ctrl-C would; listens until then."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def show(self, status: Status, news: bool) -> None:
        if status.images == self.after:
            signal.raise_signal(signal.SIGINT)
