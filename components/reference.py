"""How a finished artifact is named between DAG nodes: where it is and what it must contain."""

from __future__ import annotations

from dataclasses import dataclass

from lt4rec_core.errors import ArtifactError


@dataclass(frozen=True)
class Reference:
    """An MLflow artifact by URI and digest, written `runs:/<run>/<path>#<digest>`.

    The text has no quotes or backslashes: KFP's local runner puts task outputs
    into dictionaries by plain text replacement.
    """

    run_id: str
    path: str
    digest: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Reads the written form; raises ArtifactError if it isn't one."""
        uri, hash_mark, digest = text.partition("#")
        run_id, slash, path = uri.removeprefix("runs:/").partition("/")
        named = uri.startswith("runs:/") and run_id and slash and path
        if not (named and hash_mark and digest.isalnum() and run_id.isalnum()):
            raise ArtifactError(
                f"{text!r} isn't a reference to an artifact; expected runs:/<run>/<path>#<digest>"
            )
        return cls(run_id, path, digest)

    @property
    def uri(self) -> str:
        """The MLflow URI, without the digest."""
        return f"runs:/{self.run_id}/{self.path}"

    def __str__(self) -> str:
        return f"{self.uri}#{self.digest}"
