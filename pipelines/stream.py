"""What components print while KFP's local runner works: progress shown, the rest kept."""

from __future__ import annotations

import contextlib
import io
import re
from collections import deque
from collections.abc import Callable, Iterator

from components.failures import Failure

_PROGRESS = re.compile(r"^\s*(\[[a-z0-9][a-z0-9-]*\] .*)$")
_COLOUR = re.compile(r"\x1b\[\d+m")
_KEPT_LINES = 200
_SHOWN_LINES = 40


class ComponentStream(io.TextIOBase):
    """Stands in for stdout: passes on the lines of progress, keeps the last of all others."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._line = ""
        self._kept: deque[str] = deque(maxlen=_KEPT_LINES)

    @contextlib.contextmanager
    def capturing(self) -> Iterator[None]:
        """Takes stdout, where KFP's runner writes its own log and the components' output."""
        with contextlib.redirect_stdout(self):
            yield

    def writable(self) -> bool:
        """Says that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Takes text; acts on whole lines."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            progress = _PROGRESS.match(line)
            if progress:
                self._show(progress[1])
            elif line.strip():
                self._kept.append(line)
        return len(text)

    def tail(self, failure: Failure | None, otherwise: str = "the run stopped") -> str:
        """Says what went wrong with the last lines printed, for errors nobody foresaw.

        Args:
            failure: what the component left, None if it was killed before it could.
            otherwise: what KFP said, for want of a failure.
        """
        head = _COLOUR.sub("", otherwise).rstrip(".")
        if failure:
            head = f"step {failure.stage} stopped: {failure.kind}: {failure.message}"
        lines = list(self._kept)
        starts = [n for n, line in enumerate(lines) if line.strip().startswith("Traceback (")]
        lines = lines[starts[0] :] if starts else lines
        return "\n".join([f"{head}; the last lines of its output were", *lines[-_SHOWN_LINES:]])
