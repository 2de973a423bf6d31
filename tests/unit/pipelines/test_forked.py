"""Components that are forks of one process run, fail and are killed as processes of their own."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from kfp.dsl.component_factory import _get_command_and_args_for_lightweight_component

from pipelines.forked import _FIRST, _LATER, ForkServer, fork_server

_PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module", autouse=True)
def _temporary_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("torch")))
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with fork_server() as started:
        yield started


def _command(code: str, target: Path) -> list[str]:
    """KFP's command of a component whose body is `code`, with `target` as its one argument."""

    def component(target: str) -> None: ...

    command, _ = _get_command_and_args_for_lightweight_component(component)
    lines = "".join(f"    {line}\n" for line in code.splitlines())
    source = f"from kfp.dsl import *\n\ndef component(target: str):\n{lines}"
    executor_input = {
        "inputs": {"parameterValues": {"target": str(target)}},
        "outputs": {"outputFile": str(target.with_suffix(".outputs"))},
    }
    arguments = ["--executor_input", json.dumps(executor_input)]
    return [*command[:-1], source, *arguments, "--function_to_execute", "component"]


def _run(server: ForkServer, code: str, target: Path) -> tuple[int, str]:
    with redirect_stdout(io.StringIO()) as output:
        exit_code = server.run(_command(code, target), {"SAID": "to it"})
    return exit_code, output.getvalue()


def _told(server: ForkServer, value: str, target: Path) -> Any:
    """What a component says that an expression is to it."""
    code = f"import json, os, sys\nopen(target, 'w').write(json.dumps({value}))"
    exit_code, output = _run(server, code, target)
    assert exit_code == 0, output
    return json.loads(target.read_text())


def test_each_component_has_a_process_and_all_have_one_parent(
    server: ForkServer, tmp_path: Path
) -> None:
    value = "[os.getpid(), os.getppid()]"
    first, second = (_told(server, value, tmp_path / name) for name in "ab")
    assert first[0] != second[0]
    assert first[1] == second[1]


def test_what_ingest_needs_is_there_before_the_first_component_begins(tmp_path: Path) -> None:
    asked = f"[name in sys.modules for name in {_FIRST}]"
    with fork_server() as server:
        assert _told(server, asked, tmp_path / "modules") == [True] * len(_FIRST)


def test_what_later_components_need_is_imported_while_others_run(
    server: ForkServer, tmp_path: Path
) -> None:
    for number, _ in enumerate(_LATER):  # during each of them one is imported, or more
        assert _run(server, "pass", tmp_path / str(number))[0] == 0
    asked = f"[name in sys.modules for name in {_LATER}]"
    assert _told(server, asked, tmp_path / "modules") == [True] * len(_LATER)


def test_imports_leave_nothing_that_a_fork_would_break() -> None:
    """Ingest doesn't wait for torch; no import starts a thread or takes the accelerator."""
    code = f"""
import importlib, sys, threading
for name in {_FIRST}: importlib.import_module(name)
assert "torch" not in sys.modules
for name in {_LATER}: importlib.import_module(name)
assert threading.enumerate() == [threading.main_thread()]
assert not sys.modules["torch"].cuda.is_initialized()
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=_PROJECT)


def test_what_one_component_changes_no_other_sees(server: ForkServer, tmp_path: Path) -> None:
    code = "import json, os\njson.mark = os.environ['X'] = '1'"
    assert _run(server, code, tmp_path / "changing")[0] == 0
    seen = _told(server, "[hasattr(json, 'mark'), 'X' in os.environ]", tmp_path / "seen")
    assert seen == [False, False]


def test_a_component_has_the_tasks_variables(server: ForkServer, tmp_path: Path) -> None:
    assert _told(server, "os.environ['SAID']", tmp_path / "variables") == "to it"


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("raise RuntimeError('no such luck')", 1),
        ("import sys\nprint('no such luck', end='')\nsys.exit(7)", 7),
        ("import sys\nsys.exit('no such luck')", 1),
        ("import os\nos.write(1, b'no such luck')\nos.kill(os.getpid(), 9)", -signal.SIGKILL),
    ],
)
def test_an_end_is_told_and_the_next_component_runs(
    server: ForkServer, tmp_path: Path, code: str, exit_code: int
) -> None:
    ended, output = _run(server, code, tmp_path)
    assert ended == exit_code
    assert "no such luck" in output
    assert _told(server, "1", tmp_path / "next") == 1


def test_a_component_cannot_take_the_next_ones_place(server: ForkServer, tmp_path: Path) -> None:
    assert _told(server, "sys.stdin.read()", tmp_path / "input") == ""


def test_variables_are_those_of_the_time_it_is_asked(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATER", "than the server")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    seen = "[os.environ.get('LATER'), __import__('tempfile').gettempdir()]"
    assert _told(server, seen, tmp_path / "later") == ["than the server", str(tmp_path)]
    monkeypatch.delenv("LATER")
    assert _told(server, seen, tmp_path / "gone")[0] is None


def test_where_the_server_is_gone_no_component_is_taken_for_done(tmp_path: Path) -> None:
    with fork_server() as server:
        code = "import os, time\nos.kill(os.getppid(), 9)"
        assert _run(server, code, tmp_path)[0] == 1
        assert _run(server, "pass", tmp_path)[0] == 1
