"""Checks this machine, and the stores that a configuration names, before anything runs."""

from __future__ import annotations

import dataclasses
import os
import platform
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from lt4rec_core.config import S3, Config
from lt4rec_core.errors import LT4RECError

Status = Literal["ok", "warn", "fail"]
_PROJECT = Path(__file__).resolve().parent.parent
_GIB = 2**30
_NEEDED = (
    "kfp",
    "mlflow",
    "polars",
    "torch",
    "great_expectations",
    "optuna",
    "pydantic",
    "safetensors",
    "scikit-learn",
)


@dataclass(frozen=True)
class Check:
    """One finding; `advice` says what to do where it isn't ok."""

    name: str
    status: Status
    seen: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """Plain JSON values."""
        return dataclasses.asdict(self)


def examine(config: Config | None, workspace: Path, source: str = "") -> list[Check]:
    """Returns all findings about this machine, and about the configuration if there is one.

    Args:
        config: names threads, device, MLflow store and S3 settings.
        workspace: where a run is meant to write; it isn't made.
        source: the logs a run is meant to read.
    """
    place = workspace.expanduser().resolve()
    checks = [
        check_python(sys.version_info[:3]),
        check_packages(_PROJECT / "requirements.lock"),
        check_threads(config.threads if config else 0, cores()),
        check_memory(available_memory()),
        check_disk(place),
        check_writable(place),
        check_torch(config.device if config else "cpu"),
    ]
    if config is not None:
        checks.append(check_store(config, place))
        checks.extend(check_s3(config, source))
    return checks


def check_python(version: tuple[int, ...]) -> Check:
    """Python 3.11 or newer."""
    seen = ".".join(map(str, version))
    if version < (3, 11):
        return Check("Python", "fail", seen, "install Python 3.11 or newer and set up again")
    return Check("Python", "ok", f"{seen} on {platform.system()} {platform.machine()}")


def check_packages(lock: Path) -> Check:
    """What is installed is what the lock pins."""
    missing = [name for name in _NEEDED if _installed(name) is None]
    if missing:
        return Check("packages", "fail", f"not installed: {', '.join(missing)}", _SET_UP)
    if not lock.is_file():
        return Check("packages", "ok", "no requirements.lock here to compare with")
    pins = re.findall(
        r"^(?:# )?([\w.-]+)==([^\s;]+)", lock.read_text(encoding="utf-8"), re.MULTILINE
    )
    found = {name: _installed(name) for name, _ in pins}
    other = [
        f"{name} {found[name] or 'missing'} (locked {pin})"
        for name, pin in pins
        if found[name] != pin
    ]
    if other:
        more = f" and {len(other) - 5} more" if len(other) > 5 else ""
        return Check("packages", "warn", ", ".join(other[:5]) + more, _SET_UP)
    return Check("packages", "ok", f"all {len(pins)} as locked")


_SET_UP = "set up again: remove .venv and type `make demo`, or pip install -r requirements.lock"


def check_threads(asked: int, available: int) -> Check:
    """The configuration asks for no more threads than there are cores."""
    seen = f"{asked or available} used, {available} available"
    if asked > available:
        return Check("threads", "warn", seen, f"set threads to {available} or 0 (all)")
    return Check("threads", "ok", seen)


def check_memory(free: int) -> Check:
    """`free` bytes of memory are enough for a small run."""
    seen = f"{free / _GIB:.1f} GiB available"
    if free < _GIB:
        return Check("memory", "fail", seen, "end other programs, or use a larger machine")
    if free < 4 * _GIB:
        return Check("memory", "warn", seen, "enough for the demo; real logs want 4 GiB and more")
    return Check("memory", "ok", seen)


def check_disk(workspace: Path) -> Check:
    """The disk that would hold the workspace has room."""
    free = shutil.disk_usage(_existing(workspace)).free
    seen = f"{free / _GIB:.1f} GiB free at {workspace}"
    advice = "make room, or name a --workspace on another disk"
    if free < _GIB / 2:
        return Check("disk", "fail", seen, advice)
    return Check("disk", "warn" if free < 5 * _GIB else "ok", seen, advice * (free < 5 * _GIB))


def check_writable(workspace: Path) -> Check:
    """The workspace, or where it would be made, can be written."""
    folder = _existing(workspace)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = "make it writable, or name another --workspace"
        return Check("workspace", "fail", f"{folder} can't be written: {error.strerror}", advice)
    return Check("workspace", "ok", f"{folder} can be written")


def check_torch(device: str) -> Check:
    """PyTorch loads, and sees the device that the configuration asks for."""
    try:
        import torch
    except (ImportError, OSError) as error:
        return Check("PyTorch", "fail", f"can't be imported: {error}", _SET_UP)
    seen = f"{torch.__version__}, CPU {torch.backends.cpu.get_cpu_capability()}"
    seen += ", bf16" if torch.ops.mkldnn._is_mkldnn_bf16_supported() else ", no bf16"
    if not device.startswith("cuda"):
        return Check("PyTorch", "ok", seen)
    if not torch.cuda.is_available():
        advice = 'set device = "cpu", or install a CUDA build of torch and the driver'
        return Check("PyTorch", "fail", f"{seen}, no CUDA device", advice)
    return Check("PyTorch", "ok", f"{seen}, {torch.cuda.get_device_name()}")


def check_store(config: Config, workspace: Path) -> Check:
    """The MLflow store answers and takes what is written, without making it anew."""
    from components.store_check import check_artifacts, check_uri, database_uri

    uri, root = config.tracking.uri, config.tracking.artifact_root
    database = workspace / "mlflow.db"
    try:
        own = database_uri(workspace)
        if not uri and not database.exists():
            return Check("MLflow store", "ok", f"{database} will be made")
        check_uri(uri or own)
        if root:
            check_artifacts(root)
    except LT4RECError as error:
        return Check("MLflow store", "fail", uri or str(database), str(error))
    return Check("MLflow store", "ok", f"{uri or database} answers")


def check_s3(config: Config, source: str) -> list[Check]:
    """Credentials and bucket of each `s3://` place that the configuration or `source` names."""
    settings = dict.fromkeys((source, config.cluster.source), config.ingest.s3)
    # MLflow finds its own way: the default credentials, the endpoint from its environment.
    endpoint = os.environ.get("MLFLOW_S3_ENDPOINT_URL", "")
    settings.setdefault(config.tracking.artifact_root, S3(endpoint_url=endpoint))
    return [_bucket(place, s3) for place, s3 in settings.items() if place.startswith("s3://")]


def _bucket(location: str, s3: S3) -> Check:
    import boto3
    from botocore.config import Config as Settings
    from botocore.exceptions import BotoCoreError, ClientError

    name = f"S3 {location}"
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    profile = f"profile {s3.profile!r}" if s3.profile else "the default AWS chain"
    where = s3.endpoint_url or "AWS"
    patience = Settings(connect_timeout=5, read_timeout=5, retries={"total_max_attempts": 1})
    try:
        session = boto3.Session(profile_name=s3.profile or None, region_name=s3.region)
        if session.get_credentials() is None:
            advice = f"give credentials by {profile}, or name another in ingest.s3.profile"
            return Check(name, "fail", "no credentials", advice)
        client = session.client("s3", endpoint_url=s3.endpoint_url or None, config=patience)
        found = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except (BotoCoreError, ClientError, ValueError) as error:
        advice = f"credentials come from {profile}; check them, the address and ingest.s3"
        return Check(name, "fail", f"{where} says: {error}", advice)
    if not found.get("KeyCount"):
        return Check(name, "warn", f"reached at {where}, but empty", "is the address right?")
    return Check(name, "ok", f"reached at {where}, credentials from {profile}")


def cores() -> int:
    """Cores that this process may use, by affinity and by the container's quota."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota = _control_group("cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit():
        return max(1, min(usable or 1, round(int(quota[0]) / int(quota[1]))))
    return usable or 1


def available_memory() -> int:
    """Bytes that this process may still take, in the machine and in the container."""
    import psutil

    free = int(psutil.virtual_memory().available)
    limit, used = _control_group("memory.max"), _control_group("memory.current")
    if limit.isdigit() and used.isdigit():
        return min(free, int(limit) - int(used))
    return free


def _control_group(name: str) -> str:
    try:
        return (Path("/sys/fs/cgroup") / name).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())


def _installed(name: str) -> str | None:
    try:
        found: Any = metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
    return str(found).partition("+")[0]  # torch's "+cpu" is no other version
