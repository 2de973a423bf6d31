"""Feeds a reader with mutants of valid files: it reads them, or refuses them in its own words.

`LT4REC_FUZZ_EXAMPLES` says how many; `make fuzz` gives every reader 100,000, new ones at
every run, and prints how many it was really given. Without it a few fixed hundred are.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import struct
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lt4rec_core.errors import LT4RECError

ASKED = "LT4REC_FUZZ_EXAMPLES"
INPUTS = int(os.environ.get(ASKED, "120"))
# Hypothesis takes longer to draw an example than most readers to read it: of many inputs, an
# example is many.
AT_ONCE = max(1, INPUTS // 1000)
TOLD_EVERY = 10_000
MOST_MEMORY_KB = 512 << 10
MOST_SECONDS = 20.0  # of a processor, for one input

FUZZING = settings(
    max_examples=-(-INPUTS // AT_ONCE),
    deadline=None,
    database=None,
    derandomize=ASKED not in os.environ,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)

# What readers stumble over: other types, other sizes, ways out of a folder, depth.
TOKENS = (
    *(
        b"",
        b"\0",
        b"\n",
        b"\r\n",
        b'"',
        b",",
        b"=",
        b"\\",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
    ),
    *(b"null", b"true", b"[]", b"{}", b'""', b"-1", b"0", b"1e999", b"NaN", b"-Infinity"),
    *(b"9" * 20, b"9" * 5000, b"0.1", b"../" * 9, b"/etc/passwd", b"\xff" * 8, b"\x80" * 11),
    *(b"[" * 3000, b'{"a":' * 3000, b"\x7f\xff\xff\xff\xff\xff\xff\xff"),
)
# Which valid file, how many changes, and of each what and where.
INPUT = struct.Struct("<IB" + 4 * "BII")
DRAWN = st.binary(min_size=AT_ONCE * INPUT.size, max_size=AT_ONCE * INPUT.size)
VALUES = (None, True, -1, 0, 1, 2**63, 10**400, 0.5, "", "..", "../x", "/x", "a\0", [], {}, [[]])


def other_value(data: bytes, one: int, two: int) -> bytes:
    """Puts another value in the place of one inside a JSON document, or takes it out."""
    try:
        whole = json.loads(data)
    except (ValueError, RecursionError):
        return data
    places = [place for node in nodes(whole) for place in children(node)]
    if not places:
        return json.dumps(VALUES[two % len(VALUES)]).encode()
    node, key = places[one % len(places)]
    value = two % (len(VALUES) + 1)
    if value == len(VALUES):
        del node[key]
    else:
        node[key] = VALUES[value]
    return json.dumps(whole).encode()


def nodes(value: Any) -> Iterator[Any]:
    """The lists and objects of a JSON document."""
    yield value
    for node, key in children(value):
        yield from nodes(node[key])


def children(node: Any) -> list[tuple[Any, Any]]:
    """Where the values of a list or object stand; of text and numbers, nowhere."""
    if isinstance(node, list):
        return [(node, key) for key in range(len(node))]
    return [(node, key) for key in node] if isinstance(node, dict) else []


Changes = list[tuple[int, int, int]]


def inputs(drawn: bytes) -> Iterator[tuple[int, Changes]]:
    """The inputs that are drawn: the number of a file, and one to four changes of it."""
    for file, number, *values in INPUT.iter_unpack(drawn):
        changes = [(values[k] % 9, *values[k + 1 : k + 3]) for k in range(0, 12, 3)]
        yield file, changes[: 1 + number % 4]


def mutant(data: bytes, changes: Changes, other: bytes) -> bytes:
    """Applies the changes in order; `other` is a valid file to splice from."""
    for kind, one, two in changes:
        start = one % (len(data) + 1)
        end = min(len(data), start + two % 64)
        token = TOKENS[two % len(TOKENS)]
        if kind == 0:
            data = data[:start]
        elif kind == 1:
            data = data[:start] + data[end:]
        elif kind == 2 and start < len(data):
            data = data[:start] + bytes([data[start] ^ (1 << two % 8)]) + data[start + 1 :]
        elif kind == 3:
            data = data[:start] + token + data[start:]
        elif kind == 4:
            data = data[:start] + token + data[start + len(token) :]
        elif kind == 5:
            data = data[:start] + other[two % (len(other) + 1) :]
        elif kind >= 7:
            data = other_value(data, one, two)
        else:
            data = data[:end] + data[start:end] * (1 + one % 5) + data[end:]
    return data


@contextlib.contextmanager
def ended_in_time() -> Iterator[Callable[[], None]]:
    """Stops what takes `MOST_SECONDS` of processor time, however busy the machine is.

    It gives what begins the time anew.
    """

    def stop(number: int, frame: object) -> None:
        raise AssertionError(f"it was still at work after {MOST_SECONDS} s of processor time")

    former = signal.signal(signal.SIGPROF, stop)
    try:
        yield lambda: signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)


Read = Callable[[Path], object]


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder in memory, where there is such a place: files take less time there."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        yield Path(place)


@pytest.fixture
def fuzz(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[str, Sequence[bytes], Read], None]:
    """Gives `fuzz(name, valid files, read)`; `read` gets the path of a mutant."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    file = tmp_path / "file"  # each input takes the place of the one before

    def tell(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(line, file=sys.stderr, flush=True)  # noqa: T201 (a long run)

    def run(name: str, files: Sequence[bytes], read: Read) -> None:
        for valid in files:
            file.write_bytes(valid)
            read(file)  # a seed that is refused would leave nothing to mutate
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        given_to, refused = 0, 0

        @FUZZING
        @given(drawn=DRAWN)
        def feed(drawn: bytes) -> None:
            nonlocal given_to, refused
            with ended_in_time() as begin:
                for place, changes in inputs(drawn):
                    first, second = files[place % len(files)], files[place // 7 % len(files)]
                    file.write_bytes(mutant(first, changes, second))
                    given_to += 1
                    begin()
                    try:
                        read(file)
                    except LT4RECError as error:
                        refused += 1
                        assert str(error)
                    except Exception as error:
                        error.add_note(f"{name}, file {place}, changes {changes}")
                        raise
                    if given_to % TOLD_EVERY == 0:
                        tell(f"{name}: {given_to:,} inputs, {refused:,} of them refused")

        feed()
        taken = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert taken < MOST_MEMORY_KB, f"{name} took {taken >> 10} MiB"
        assert given_to >= INPUTS
        assert 0 < refused < given_to
        if ASKED in os.environ:
            tell(f"{name}: {given_to:,} inputs in all, {refused:,} of them refused")

    return run
