"""A Kubeflow TrainJob: the processes of one training on several nodes of the cluster."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from components.order import Order
from lt4rec_core.config import Config, resources_of
from lt4rec_core.errors import ClusterError

GROUP, VERSION, KIND = "trainer.kubeflow.org", "v1alpha1", "trainjobs"
_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_PAUSE = 2.0  # seconds between two questions to Kubernetes
_ENDS = {"Complete": True, "Failed": False}


def manifest(config: Config, name: str, node: str, order: Path) -> dict[str, Any]:
    """Returns the TrainJob of a DAG node: as many nodes as configured, each with its resources.

    Everything else of its pods (the workspace, the account, what a restricted namespace
    wants) is said by the TrainingRuntime, `infra/overlays/trainer`.
    """
    cluster, asked = config.cluster, resources_of(node, config.cluster)
    amounts = {"cpu": asked.cpu, "memory": asked.memory}
    if asked.gpus:
        amounts["nvidia.com/gpu"] = str(asked.gpus)
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "TrainJob",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/part-of": "lt4rec", "lt4rec/node": node},
        },
        "spec": {
            "runtimeRef": {
                "apiGroup": GROUP,
                "kind": "TrainingRuntime",
                "name": cluster.train_job.runtime,
            },
            "trainer": {
                "image": cluster.image,
                "command": ["torchrun", "-m", "components.worker", str(order)],
                "numNodes": cluster.train_job.nodes,
                "numProcPerNode": config.processes,
                "resourcesPerNode": {"requests": amounts, "limits": amounts},
            },
        },
    }


@contextlib.contextmanager
def train_job(order: Order, name: str, node: str) -> Iterator[Callable[[], bool | None]]:
    """Starts the TrainJob; gives what says whether it ended well, None while it's at work.

    On leaving the job is deleted: its processes then save their state. One of this name
    that an earlier try left is deleted first.

    Raises:
        ClusterError: Kubernetes can't be reached, or refuses.
    """
    jobs = _Jobs()
    with _errors():
        jobs.delete(name)
        while jobs.get(name) is not None:
            time.sleep(_PAUSE)
        jobs.create(manifest(order.config, name, node, order.file))

    def ended() -> bool | None:
        time.sleep(_PAUSE)
        with _errors():
            job = jobs.get(name)
        if job is None:
            return False
        conditions = job.get("status", {}).get("conditions", [])
        seen = [_ENDS.get(each["type"]) for each in conditions if each["status"] == "True"]
        return next((end for end in seen if end is not None), None)

    try:
        yield ended
    finally:
        with _errors():
            jobs.delete(name)


class _Jobs:
    """The TrainJobs of the namespace that this pod is in."""

    def __init__(self) -> None:
        from kubernetes import client, config

        config.load_incluster_config()
        api = client.CustomObjectsApi()
        self._api, self._missing = api, client.ApiException
        self._place = (GROUP, VERSION, _NAMESPACE.read_text(encoding="utf-8").strip(), KIND)

    def create(self, job: dict[str, Any]) -> None:
        self._api.create_namespaced_custom_object(*self._place, job)

    def get(self, name: str) -> dict[str, Any] | None:
        """Returns the job, None where there is none."""
        job: dict[str, Any] | None = self._unless_missing(
            self._api.get_namespaced_custom_object, name
        )
        return job

    def delete(self, name: str) -> None:
        self._unless_missing(self._api.delete_namespaced_custom_object, name)

    def _unless_missing(self, call: Callable[..., Any], name: str) -> Any:
        try:
            return call(*self._place, name)
        except self._missing as error:
            if error.status == 404:
                return None
            raise


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (ApiException, HTTPError) as error:
        told = " ".join(str(error).split())[:300]
        raise ClusterError(
            f"Kubernetes took no TrainJob or tells nothing of it: {told}; see whether Kubeflow "
            "Trainer is installed and infra/overlays/trainer applied"
        ) from None
