"""What a dataset says about itself."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pydantic

from lt4rec_core.artifact import parse_object, sealed, unsealed
from lt4rec_core.errors import ArtifactError

FORMAT = 2

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class SourceRecord:
    """Where the rows come from; `fingerprint` is the digest of what was read there."""

    kind: str
    location: str
    fingerprint: str


@dataclass(frozen=True)
class DayRecord:
    """One file of impressions: its rows, and the sum of each label over them.

    `day` is a date, or the split's name where the source has no dates.
    """

    day: str
    split: Split
    file: str
    rows: int
    sha256: str
    labels: Mapping[str, float]


@dataclass(frozen=True)
class Manifest:
    """What a dataset holds, where it comes from and what was dropped on the way.

    Attributes:
        schema_digest: digest of the FeatureMap.
        inputs: digest of all that the dataset was made from (source, settings, date).
        source: where the rows come from.
        data_date: the day asked for, or None.
        time_zone: where days are cut.
        splits: days by split name.
        days: one entry a file, in order.
        files: SHA-256 by name of all other files.
        partitions: digest of the raw files by the day that their paths name, for days above.
        read: rows read by stream ("impressions", "clicks", "plays").
        dropped: rows dropped by "<stream>.<reason>".
        left_out: days of the window that weren't read, each with why.
    """

    schema_digest: str
    inputs: str
    source: SourceRecord
    data_date: str | None
    time_zone: str
    splits: Mapping[str, tuple[str, ...]]
    days: tuple[DayRecord, ...]
    files: Mapping[str, str]
    partitions: Mapping[str, str]
    read: Mapping[str, int]
    dropped: Mapping[str, int]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the content, wherever it lies and whenever it was made."""
        content = [
            self.schema_digest,
            dict(self.splits),
            [[day.day, day.split, day.file, day.sha256] for day in self.days],
            dict(self.files),
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def sha256(self) -> dict[str, str]:
        """Returns the SHA-256 (hex) of every file, by its path below the dataset's root."""
        return {**self.files, **{day.file: day.sha256 for day in self.days}}

    def to_json(self) -> str:
        """Returns the manifest as JSON text, the same text for the same manifest."""
        head = {"format": FORMAT, "kind": "dataset", "digest": self.digest}
        return json.dumps(sealed({**head, **dataclasses.asdict(self)}), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Manifest:
        """Inverts `to_json`.

        Raises:
            ArtifactError: the text isn't a dataset's manifest, or says another digest
                than follows from what it lists.
        """
        try:
            content = parse_object(text)
            head = (content["format"], content["kind"])
            if head != (FORMAT, "dataset"):
                raise ArtifactError(f"a manifest of {head}; expected {(FORMAT, 'dataset')}")
            content = unsealed(content)
            del content["format"], content["kind"]
            digest = content.pop("digest")
            manifest = _ADAPTER.validate_python(content)
        except (ValueError, AttributeError, KeyError, TypeError) as error:
            raise ArtifactError(f"not a dataset's manifest: {error}") from None
        if digest != manifest.digest:
            raise ArtifactError(
                f"the manifest says digest {digest} and lists files of {manifest.digest}; "
                "it was changed after it was written: make the dataset again"
            )
        return manifest


_ADAPTER = pydantic.TypeAdapter(Manifest)
