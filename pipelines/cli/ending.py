"""How the program ends: one clear message and the exit code that belongs to it."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

_INTERRUPTED, _TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


class Program(TyperGroup):
    """The group of all commands; turns what they raise into messages and exit codes."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that was asked for."""
        with ending():
            return super().invoke(ctx)


def print_json(value: dict[str, Any]) -> None:
    """Prints a command's result as one line, the last one of stdout."""
    import json

    typer.echo(json.dumps(value, allow_nan=False))


@contextlib.contextmanager
def ending() -> Iterator[None]:
    """Turns errors, Ctrl-C and SIGTERM into a message on stderr and typer's Exit."""
    from lt4rec_core.errors import LT4RECError

    signals: list[int] = []
    try:
        with _termination(signals):
            yield
    except (typer.Exit, typer.Abort, TyperException):
        raise  # wrong usage among them: typer says what and exits with 2
    except LT4RECError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on where this one was", err=True)
        raise typer.Exit(_TERMINATED if signals else _INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 (nobody is above to handle it)
        import traceback

        traceback.print_exc(file=sys.stderr)
        typer.echo(f"error: {type(error).__name__}: {error} (not foreseen: see above)", err=True)
        raise typer.Exit(1) from None


@contextlib.contextmanager
def _termination(received: list[int]) -> Iterator[None]:
    """Lets SIGTERM stop the program as Ctrl-C does.

    It raises KeyboardInterrupt itself, no class of its own: `subprocess` waits for a
    child to finish on any other exception. The children end with this process.
    """

    def stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (signal's signature)
        received.append(number)
        raise KeyboardInterrupt

    try:
        former = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread, where signals can't be handled
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)
