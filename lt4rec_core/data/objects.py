"""A folder of files, on this machine or behind an S3 API: listing, fetching, fingerprints."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from lt4rec_core.config import S3
from lt4rec_core.errors import InputError, StoreError

BLOCK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """A file below a location. `name` is relative, with forward slashes."""

    name: str
    size: int
    etag: str = ""


class Location(Protocol):
    """A folder of files."""

    def entries(self, below: str = "") -> tuple[Entry, ...]:
        """All files below the sub-folder, in order of their names; hidden ones are left out."""

    def show(self, entry: Entry) -> str:
        """The entry's full name, for messages."""

    def fetch(self, entry: Entry, scratch: Path) -> Path:
        """A local file with the entry's bytes, below `scratch` where it must be fetched."""

    def fingerprint(self, entries: Iterable[Entry]) -> str:
        """SHA-256 (hex) over the entries' names and contents."""


def open_location(location: str, s3: S3) -> Location:
    """Opens a local folder or an `s3://bucket/prefix`.

    Raises:
        InputError: there is no such folder or file, or the address names no bucket.
    """
    if location.startswith("s3://"):
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        if not bucket:
            raise InputError(f"{location!r} names no bucket; expected s3://bucket/prefix")
        return Bucket(bucket, prefix.strip("/"), s3)
    if "://" in location:
        raise InputError(f"can't read {location!r}; a source is a folder or an s3:// address")
    root = Path(location)
    if not root.exists():
        raise InputError(f"no such source folder: {location}")
    return Folder(root)


def _hidden(name: str) -> bool:
    return any(part.startswith((".", "_")) for part in name.split("/"))


@dataclass(frozen=True)
class Folder:
    """A local folder, or a single file."""

    root: Path

    def entries(self, below: str = "") -> tuple[Entry, ...]:
        """See Location."""
        if self.root.is_file():
            return (Entry(self.root.name, self.root.stat().st_size),)
        named = ((path.relative_to(self.root).as_posix(), path) for path in self._files(below))
        return tuple(Entry(name, path.stat().st_size) for name, path in sorted(named))

    def show(self, entry: Entry) -> str:
        """See Location."""
        return str(self._path(entry))

    def fetch(self, entry: Entry, scratch: Path) -> Path:  # noqa: ARG002 (nothing to fetch)
        """See Location."""
        return self._path(entry)

    def fingerprint(self, entries: Iterable[Entry]) -> str:
        """See Location."""
        total = hashlib.sha256()
        for entry in entries:
            try:
                with self._path(entry).open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise InputError(f"{self.show(entry)} can't be read: {error}") from error
            total.update(f"{entry.name}\0{content}\n".encode())
        return total.hexdigest()

    def _files(self, below: str) -> Iterator[Path]:
        """All files that aren't hidden, through links; what can't be seen isn't passed over."""

        def refuse(error: OSError) -> None:
            raise InputError(f"{error.filename} can't be listed: {error}") from error

        top = self._below(below)
        if not top.is_dir():
            return
        for place, folders, files in os.walk(top, onerror=refuse, followlinks=True):
            folder = Path(place)
            folders[:] = [name for name in folders if not _hidden(name)]
            for name in folders:
                if folder.resolve().is_relative_to((folder / name).resolve()):
                    raise InputError(f"{folder / name} is a link to a folder that it lies in")
            for path in (folder / name for name in files if not _hidden(name)):
                if path.is_symlink() and not path.exists():
                    raise InputError(
                        f"{path} is a link to {path.readlink()}, which isn't there; mend it or "
                        "take it away"
                    )
                if path.is_file():
                    yield path

    def _below(self, name: str) -> Path:
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise InputError(
                f"{name!r} can't name a file below {self.root}; expected a relative path"
            )
        return self.root / name

    def _path(self, entry: Entry) -> Path:
        return self.root if self.root.is_file() else self.root / entry.name


@dataclass(frozen=True)
class Bucket:
    """A prefix of a bucket behind an S3 API."""

    bucket: str
    prefix: str
    s3: S3

    def entries(self, below: str = "") -> tuple[Entry, ...]:
        """See Location."""
        start = "/".join(part for part in (self.prefix, below) if part)
        start = f"{start}/" if start else ""
        found = []
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=start):
                for item in page.get("Contents", ()):
                    tail = item["Key"].removeprefix(start)
                    if tail and not tail.endswith("/") and not _hidden(tail):
                        name = item["Key"].removeprefix(f"{self.prefix}/" if self.prefix else "")
                        found.append(Entry(name, item["Size"], item["ETag"].strip('"')))
        return tuple(sorted(found, key=lambda entry: entry.name))

    def show(self, entry: Entry) -> str:
        """See Location."""
        return f"s3://{self.bucket}/{self._key(entry)}"

    def fetch(self, entry: Entry, scratch: Path) -> Path:
        """See Location."""
        from botocore import exceptions as aws

        # A key may be "/etc/passwd": it names no file here.
        target = scratch / hashlib.sha256(entry.name.encode()).hexdigest()
        with self._explained():
            for tries_left in range(self.s3.retries, -1, -1):
                try:
                    self._copy(entry, target)
                    break
                except (aws.HTTPClientError, aws.IncompleteReadError):  # cut off on its way
                    if not tries_left:
                        raise
        return target

    def _copy(self, entry: Entry, target: Path) -> None:
        """Writes the object that was listed, and no other that took its key since, to a file."""
        same = {"IfMatch": f'"{entry.etag}"'} if entry.etag else {}
        found = self._client.get_object(Bucket=self.bucket, Key=self._key(entry), **same)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            file = target.open("wb")
        except OSError as error:
            raise StoreError(f"{target} can't be written: {error}; free some space") from error
        with file:
            while block := found["Body"].read(BLOCK):
                try:
                    file.write(block)
                except OSError as error:
                    raise StoreError(
                        f"{target} can't be written: {error}; free some space"
                    ) from error

    def fingerprint(self, entries: Iterable[Entry]) -> str:
        """SHA-256 (hex) over keys, sizes and entity tags: the objects themselves aren't read."""
        total = hashlib.sha256()
        for entry in entries:
            total.update(f"{entry.name}\0{entry.size}\0{entry.etag}\n".encode())
        return total.hexdigest()

    def _key(self, entry: Entry) -> str:
        return f"{self.prefix}/{entry.name}" if self.prefix else entry.name

    def _session(self) -> Any:
        import boto3

        return boto3.Session(profile_name=self.s3.profile or None, region_name=self.s3.region)

    @cached_property
    def _client(self) -> Any:
        from botocore.config import Config

        if self.s3.endpoint_url.startswith("http://") and not self.s3.allow_http:
            raise InputError(
                f"ingest.s3.endpoint_url is {self.s3.endpoint_url}, which isn't encrypted; "
                "use https, or set ingest.s3.allow_http = true"
            )
        settings = Config(
            connect_timeout=self.s3.timeout_seconds,
            read_timeout=self.s3.timeout_seconds,
            retries={"total_max_attempts": self.s3.retries + 1, "mode": "standard"},
        )
        return self._session().client(
            "s3", endpoint_url=self.s3.endpoint_url or None, config=settings
        )

    def _place(self) -> str:
        return f"s3://{self.bucket}/{self.prefix} at {self.s3.endpoint_url or 'AWS'}"

    def _remedy(self) -> str:
        profile = f"profile {self.s3.profile!r}" if self.s3.profile else "the default AWS chain"
        return f"credentials come from {profile}: check them, or name another in ingest.s3.profile"

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        from botocore import exceptions as aws

        try:
            yield
        except aws.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", "?"))
            if code in ("NoSuchBucket", "404"):
                raise InputError(
                    f"there is no bucket {self.bucket!r} at {self.s3.endpoint_url or 'AWS'}; "
                    "check the address and ingest.s3.endpoint_url"
                ) from error
            if code in ("PreconditionFailed", "412", "NoSuchKey"):
                raise InputError(
                    f"an object of {self._place()} was changed or removed since it was listed; "
                    "run again when nobody writes there"
                ) from error
            raise InputError(
                f"{self._place()} refused the request ({code}: "
                f"{error.response.get('Error', {}).get('Message', '')}); {self._remedy()}"
            ) from error
        except (aws.NoCredentialsError, aws.PartialCredentialsError, aws.ProfileNotFound) as error:
            raise InputError(f"{self._place()}: {error}; {self._remedy()}") from error
        except (aws.BotoCoreError, aws.HTTPClientError) as error:
            raise InputError(
                f"{self._place()} can't be reached: {error}; "
                "check ingest.s3.endpoint_url, ingest.s3.region and the network"
            ) from error
