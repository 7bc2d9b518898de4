"""What ctrl-C and requests to terminate do to a run."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], None]


@contextmanager
def interruption() -> Iterator[threading.Event]:
    """Set the event at the first ctrl-C or request to terminate; the second ctrl-C stops at once."""
    asked = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    before = signal.getsignal(signal.SIGINT)
    with _handled_by(handle):
        yield asked


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave both to another process: they reach all of a run, and one of them says when it is over."""
    with _handled_by(lambda number, frame: None):
        yield


@contextmanager
def _handled_by(handle: Handler) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may listen to signals
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
