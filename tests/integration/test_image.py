"""The image: what its Dockerfile promises, and, where the machine can, what is built.

`LT4REC_BUILD_IMAGE` asks for the build: the path of a root file system (tar) with
python3 and its venv module, or `1` to have mmdebstrap make one. What the machine needs
besides (mirrors, certificates) goes into `LT4REC_BUILD_OPTIONS`, for `buildah bud`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE = "localhost/lt4rec-base:test"
IMAGE = "localhost/lt4rec:test"
TELEMETRY_OFF = ["DO_NOT_TRACK=1", "GX_ANALYTICS_ENABLED=false", "MLFLOW_DISABLE_TELEMETRY=true"]
MODULES = "kfp mlflow torch polars great_expectations components pipelines lt4rec_core"

Run = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def stages() -> list[list[str]]:
    """The Dockerfile's instructions, one list a stage; the first holds what stands before."""
    text = (ROOT / "infra" / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found: list[list[str]] = [[]]
    for instruction in "\n".join(lines).replace("\\\n", " ").splitlines():
        if instruction.startswith("FROM "):
            found.append([])
        if instruction.strip():
            found[-1].append(" ".join(instruction.split()))
    return found


def test_it_is_built_in_one_stage_and_shipped_in_another(stages: list[list[str]]) -> None:
    build, _, final = stages[1:]
    assert build[0].endswith(" AS build")
    assert any(line.startswith("COPY --from=build ") for line in final)
    assert not [line for line in final if "pip" in line or "apt" in line]


def test_it_runs_as_a_numbered_user_who_isnt_root(stages: list[list[str]]) -> None:
    users = [line for line in stages[-1] if line.startswith("USER ")]
    assert users == ["USER 10001:10001"]


def test_kubeflow_gives_the_command(stages: list[list[str]]) -> None:
    assert not [line for line in stages[-1] if line.startswith(("ENTRYPOINT", "CMD"))]


def test_telemetry_is_off(stages: list[list[str]]) -> None:
    environment = " ".join(line for line in stages[-1] if line.startswith("ENV "))
    assert all(setting in environment for setting in TELEMETRY_OFF)


def test_nothing_is_written_outside_the_temporary_folder(stages: list[list[str]]) -> None:
    environment = " ".join(line for line in stages[-1] if line.startswith("ENV "))
    for setting in ("HOME=/tmp", "MPLCONFIGDIR=/tmp/", "PYTHONDONTWRITEBYTECODE=1"):
        assert setting in environment


def test_base_is_pinned_by_its_digest(stages: list[list[str]]) -> None:
    (default,) = [line for line in stages[0] if line.startswith("ARG PYTHON_IMAGE=")]
    assert re.fullmatch(r"ARG PYTHON_IMAGE=\S+:3\.11-\S+@sha256:[0-9a-f]{64}", default)


def test_packages_are_pinned_wheels_and_torch_is_for_cpus(stages: list[list[str]]) -> None:
    build = "\n".join(stages[1])
    assert build.count("--only-binary=:all:") == 2
    assert "--require-hashes --no-deps -r requirements.lock" in build
    assert "ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu" in build


def test_what_isnt_locked_only_looks_at_a_copy(stages: list[list[str]]) -> None:
    build, sbom, final = stages[1:]
    assert sbom[0] == "FROM build AS sbom"
    assert not [line for line in build if "pip install" in line and "==" in line.split("sed")[0]]
    assert [line for line in final if line.startswith("COPY --from=sbom")] == [
        "COPY --from=sbom /opt/sbom.cdx.json /opt/lt4rec/sbom.cdx.json"
    ]


def test_the_context_is_what_the_dockerfile_copies(stages: list[list[str]]) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = {
        source for line in stages[1] if line.startswith("COPY ") for source in line.split()[1:-1]
    }
    assert "*" in lines
    assert allowed == copied
    assert all((ROOT / name).exists() for name in copied)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Builds the image and gives a function that runs a shell command in it."""
    asked = os.environ.get("LT4REC_BUILD_IMAGE", "")
    if not asked:
        pytest.skip("building takes minutes: set LT4REC_BUILD_IMAGE (see this file) to do it")
    if shutil.which("buildah") is None:
        pytest.skip("buildah isn't installed")
    folder = tmp_path_factory.mktemp("image")
    system = Path(asked) if Path(asked).is_file() else _make_system(folder / "system.tar")
    store = ["buildah", "--root", str(folder / "root"), "--runroot", str(folder / "run")]

    def buildah(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot"}
        done = subprocess.run(
            [*store, *arguments], env=environment, text=True, capture_output=True, check=False
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done

    scratch = buildah("from", "scratch").stdout.strip()
    buildah("add", scratch, str(system), "/")
    buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", scratch)
    buildah("commit", "--rm", scratch, BASE)
    options = shlex.split(os.environ.get("LT4REC_BUILD_OPTIONS", ""))
    base = ["--network", "host", "--build-arg", f"PYTHON_IMAGE={BASE}"]
    buildah("bud", *base, *options, "-f", "infra/Dockerfile", "-t", IMAGE, str(ROOT))
    container = buildah("from", IMAGE).stdout.strip()
    yield lambda command: buildah("run", container, "--", "sh", "-c", command, check=False)
    shutil.rmtree(folder)


def _make_system(target: Path) -> Path:
    if shutil.which("mmdebstrap") is None:
        pytest.skip("neither a root file system is given nor mmdebstrap is installed")
    packages = "--include=ca-certificates,python3,python3-venv"
    command = ["mmdebstrap", "--variant=minbase", packages, "bookworm", str(target)]
    subprocess.run(command, check=True, capture_output=True)
    return target


def test_the_built_image_starts_every_part(inside: Run) -> None:
    for module in MODULES.split():
        done = inside(f"python3 -W ignore -c 'import {module}'")
        assert done.returncode == 0, done.stderr[-2000:]
    assert "Usage" in inside("lt4rec --help").stdout


def test_the_built_image_has_no_root_and_no_build_tools(inside: Run) -> None:
    assert inside("id -u").stdout.strip() == "10001"
    tools = inside("for tool in gcc cc g++ make cmake pip pip3; do command -v $tool; done; true")
    assert tools.stdout.strip() == ""


def test_the_built_image_has_its_bill_of_materials(inside: Run) -> None:
    bill = json.loads(inside("cat /opt/lt4rec/sbom.cdx.json").stdout)
    assert {"kfp", "mlflow", "torch", "lt4rec"} <= {part["name"] for part in bill["components"]}
    assert "cyclonedx-bom" not in {part["name"] for part in bill["components"]}


def test_the_built_image_writes_to_temporary_and_workspace_only(inside: Run) -> None:
    assert inside("touch /tmp/a /workspace/a").returncode == 0
    for folder in ("/", "/opt/lt4rec", "/etc"):
        assert inside(f"touch {folder}/a").returncode != 0
