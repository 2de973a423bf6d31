"""What the project's own code never does: unpickle, evaluate, unpack archives, call a shell."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
OURS = ("lt4rec_core", "components", "pipelines", "tests", "benchmarks", "infra", "docs")
FILES = sorted(path for name in OURS for path in (PROJECT / name).rglob("*.py"))

MODULES = {
    *("pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"),
    *("zipfile", "tarfile", "xmlrpc", "mlflow.pytorch", "mlflow.sklearn"),
    *("multiprocessing.connection", "multiprocessing.managers", "concurrent.futures.process"),
}
CALLS = {
    *("eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput"),
    *("torch.load", "torch.save", "torch.jit.load", "np.load", "numpy.load", "yaml.load"),
    *("pd.read_pickle", "pandas.read_pickle", "shutil.unpack_archive", "mlflow.pyfunc.log_model"),
}
ARGUMENTS = {("allow_pickle", True), ("shell", True), ("weights_only", False)}


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def constants(call: ast.Call) -> list[object]:
    return [argument.value for argument in call.args if isinstance(argument, ast.Constant)]


def offences(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        imported: list[str] = []
        if isinstance(node, ast.Import):
            imported = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported = [node.module or "", *(f"{node.module}.{a.name}" for a in node.names)]
        elif isinstance(node, ast.Call):
            called = name_of(node.func)
            given = {(word.arg, getattr(word.value, "value", None)) for word in node.keywords}
            is_plain = called == "np.load" and ("allow_pickle", False) in given
            if (called in CALLS and not is_plain) or called.endswith((".to_pickle", ".Pipe")):
                yield f"line {node.lineno} calls {called}"
            if called == "multiprocessing.get_context" and constants(node) != ["fork"]:
                yield f"line {node.lineno} starts processes that are handed pickles"
            for name, value in given & ARGUMENTS:
                yield f"line {node.lineno} gives {name}={value}"
        for module in imported:
            if module in MODULES or module.partition(".")[0] in MODULES:
                yield f"imports {module}"


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "import numpy as np; np.load('x')",
        "import numpy as np; np.load('x', allow_pickle=True)",
        "import subprocess; subprocess.run(text, shell=True)",
        "eval('1')",
        "frame.to_pickle('x')",
        "from mlflow import sklearn",
        "import multiprocessing; multiprocessing.get_context('spawn')",
        "context.Pipe()",
    ],
)
def test_the_search_finds_what_it_looks_for(code):
    assert list(offences(ast.parse(code)))


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell():
    assert len(FILES) > 300
    found = {
        str(path.relative_to(PROJECT)): list(offences(ast.parse(path.read_text("utf-8"))))
        for path in FILES
    }
    assert {path: what for path, what in found.items() if what} == {}


def test_the_linter_looks_for_weak_code_everywhere_but_in_tests():
    lint = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert not [rule for rule in lint["ignore"] if rule.startswith("S") and rule[1:].isdigit()]
    excused = [
        place
        for place, rules in lint["per-file-ignores"].items()
        if any(rule == "S" or rule.startswith("S6") for rule in rules)
    ]
    assert set(excused) <= {"tests/**", "benchmarks/**"}


@pytest.mark.parametrize("name", ["Makefile", ".ci/run"])
def test_scripts_evaluate_nothing_and_run_nothing_fetched(name):
    text = (PROJECT / name).read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert not [word for word in ("eval ", "| sh", "| bash", "curl ", "wget ") if word in code]
