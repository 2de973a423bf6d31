"""Production's overlay as an operator meets it: configuration, times, and room for a whole run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lt4rec_core.config import Config, load, resources_of
from lt4rec_core.errors import AlertError, ConfigError, DeliveryError, StoreError

ROOT = Path(__file__).parents[2]
RUNS = "lt4rec"  # the namespace that runs are in
KINDS, AMOUNTS = ("requests", "limits"), ("cpu", "memory")
UNITS = {"m": 1e-3, "Mi": 2.0**20, "Gi": 2.0**30}

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    """Everything that `kubectl apply -k` would send."""
    overlay = ROOT / "infra" / "overlays" / "production"
    command = [str(Path(sys.executable).with_name("kubectl")), "kustomize", str(overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(scope="module")
def config() -> Config:
    return load(ROOT / "pipelines" / "configs" / "production.toml")


def workloads(resources: list[Resource], namespace: str = RUNS) -> dict[str, Resource]:
    """What makes pods in a namespace, by name."""
    kinds = ("Deployment", "StatefulSet", "Job", "CronJob")
    return {
        found["metadata"]["name"]: found
        for found in resources
        if found["kind"] in kinds and found["metadata"]["namespace"] == namespace
    }


def template(workload: Resource) -> Resource:
    """The template of a workload's pods."""
    spec = workload["spec"]
    found: Resource = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    return found


def container(workload: Resource) -> Resource:
    """The one container of a workload's pods."""
    (found,) = template(workload)["spec"]["containers"]
    return dict(found)


@pytest.mark.parametrize("name", ["schedule", "monitor"])
def test_what_runs_every_day_reads_the_operators_configuration(
    resources: list[Resource], name: str
) -> None:
    workload = workloads(resources)[name]
    words = " ".join([*container(workload)["command"], *container(workload)["args"]]).split()
    (file,) = [Path(word) for word in words if word.endswith(".toml")]
    mounts = {mount["mountPath"]: mount["name"] for mount in container(workload)["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in template(workload)["spec"]["volumes"]}
    made = volumes[mounts[str(file.parent)]]["configMap"]["name"]
    told = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert f"kubectl -n {RUNS} create configmap {made} --from-file={file.name}=" in told


def test_monitor_judges_the_day_of_the_run_that_was_due_before_it(
    resources: list[Resource],
) -> None:
    known = workloads(resources)
    options = container(known["schedule"])["args"]
    (cron,) = [text.removeprefix("--cron=") for text in options if text.startswith("--cron=")]
    minute, hour = map(int, cron.removesuffix(" * * *").split())
    (command,) = container(known["monitor"])["args"]
    assert f'--scheduled-time "$(date -u +%FT{hour:02}:{minute:02}:00Z)"' in command
    monitor = known["monitor"]["spec"]
    judged_minute, judged_hour = map(int, monitor["schedule"].removesuffix(" * * *").split())
    assert monitor["timeZone"] == "Etc/UTC"
    assert (judged_hour, judged_minute) > (hour, minute)


def test_monitor_tries_again_what_may_pass_and_no_alert(resources: list[Resource]) -> None:
    job = workloads(resources)["monitor"]["spec"]["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    final = {AlertError.exit_code, ConfigError.exit_code}
    assert (rule["action"], set(rule["onExitCodes"]["values"])) == ("FailJob", final)
    assert not final & {DeliveryError.exit_code, StoreError.exit_code}
    assert job["backoffLimit"] > 0


def test_tidying_removes_old_results_that_can_be_made_anew_and_nothing_else(
    resources: list[Resource], tmp_path: Path
) -> None:
    gone = ("datasets/d", "days/d", "downloads/d", "state/warmup-d")
    kept = ("reports/r", "failures/f", "locks/l", "datasets/new")
    for name in (*gone, *kept):
        (tmp_path / name / "inside").mkdir(parents=True)
        if name != "datasets/new":
            os.utime(tmp_path / name, (0, 0))
    known = container(workloads(resources)["tidy"])
    words = [*known["command"], *known["args"]]
    subprocess.run([word.replace("/workspace", str(tmp_path)) for word in words], check=True)
    assert [name for name in (*gone, *kept) if (tmp_path / name).exists()] == list(kept)
    assert all((tmp_path / name).parent.exists() for name in gone)


def test_no_pod_of_a_profile_gets_a_proxy_that_never_ends(resources: list[Resource]) -> None:
    for workload in workloads(resources).values():
        assert template(workload)["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"


def amount(text: str) -> float:
    """A quantity of Kubernetes as a number."""
    found = re.fullmatch(r"([0-9.]+)(\D*)", text)
    assert found is not None, text
    return float(found[1]) * UNITS.get(found[2], 1.0)


def bounds(resources: list[Resource], kind: str, namespace: str) -> Any:
    """What a quota or a limit range of a namespace says."""
    (found,) = [
        found
        for found in resources
        if found["kind"] == kind and found["metadata"]["namespace"] == namespace
    ]
    return found["spec"]


def taken(resources: list[Resource], namespace: str) -> dict[str, float]:
    """What all workloads of a namespace take at most; of a Deployment a pod more, as it rolls."""
    total = dict.fromkeys(["pods", *(f"{k}.{name}" for k in KINDS for name in AMOUNTS)], 0.0)
    for workload in workloads(resources, namespace).values():
        pods = max(1, workload["spec"].get("replicas", 1)) + (workload["kind"] == "Deployment")
        total["pods"] += pods
        for kind in KINDS:
            for name in AMOUNTS:
                asked = amount(container(workload)["resources"][kind][name])
                total[f"{kind}.{name}"] += pods * asked
    return total


def widest(config: Config) -> dict[str, list[str]]:
    """The nodes that run side by side at a DAG's widest moments, with `fan_out` too."""
    days = range(config.ingest.train_days + 2)
    stages = ("prune", "single-task")
    return {
        "trainings": [f"{stage}-{task.name}" for stage in stages for task in config.tasks],
        "days read": [f"ingest-day-{day}" for day in days],
        "days counted": [f"validate-day-{day}" for day in days],
    }


def test_quota_of_the_servers_has_room_for_all_of_them(resources: list[Resource]) -> None:
    hard = bounds(resources, "ResourceQuota", "mlflow")["hard"]
    for name, total in taken(resources, "mlflow").items():
        assert total <= amount(hard[name]), name


@pytest.mark.parametrize("moment", ["trainings", "days read", "days counted"])
def test_quota_of_runs_has_room_for_the_widest_moments_beside_the_helpers(
    resources: list[Resource], config: Config, moment: str
) -> None:
    nodes = widest(config)[moment]
    hard = bounds(resources, "ResourceQuota", RUNS)["hard"]
    (limits,) = bounds(resources, "LimitRange", RUNS)["limits"]
    before = taken(resources, RUNS)
    assert before["pods"] + 2 * len(nodes) <= amount(hard["pods"])  # each has a driver's pod
    asked = [resources_of(node, config.cluster) for node in nodes]
    for name in AMOUNTS:
        amounts = [amount(getattr(entry, name)) for entry in asked]
        assert max(amounts) <= amount(limits["max"][name])
        for kind, default in zip(KINDS, ("defaultRequest", "default"), strict=True):
            helpers = 2 * len(nodes) * amount(limits[default][name])  # Argo's, and the drivers
            total = before[f"{kind}.{name}"] + helpers + sum(amounts)
            assert total <= amount(hard[f"{kind}.{name}"]), (kind, name, total)
