"""Arguments that need reading: the configuration, the day, the code's commit."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from lt4rec_core.config import Config

_CODE = Path(__file__).resolve().parent.parent
_SHIPPED = _CODE / "configs"


def read_config(name: str, overrides: Sequence[str] | None = None) -> Config:
    """Reads the TOML file `name`, or the shipped one of that bare name.

    Raises:
        ConfigError: there is no such file, or `load` refuses it.
    """
    from lt4rec_core.config import load
    from lt4rec_core.errors import ConfigError

    path = Path(name).expanduser()
    if not path.is_file():
        shipped = {file.stem: file for file in sorted(_SHIPPED.glob("*.toml"))}
        if name not in shipped:
            raise ConfigError(
                f"no configuration file at {name}; expected a TOML file or one of the shipped "
                f"ones, {', '.join(shipped)}"
            )
        path = shipped[name]
    return load(path, overrides or ())


def address(value: str, parameter: typer.CallbackParam) -> str:
    """Returns an address as it is; raises ConfigError where it has a password in it."""
    if value:
        from lt4rec_core.config import refuse_passwords

        refuse_passwords(value, parameter.opts[0])
    return value


def read_comparison(
    name: str,
    overrides: Sequence[str] | None,
    arms: Sequence[str] | None,
    **asked_for: bool | int | None,
) -> Config:
    """Reads as `read_config` does, with the arms and the other settings asked for.

    `asked_for` are settings of [comparison] by name; None leaves the configuration's.

    Raises:
        ConfigError: likewise, or an arm isn't known.
    """
    from lt4rec_core.comparison.settings import arms_of
    from lt4rec_core.config import changed

    config = read_config(name, overrides)
    asked = [arm for text in arms or () for arm in text.split(",") if arm]
    known = arms_of(asked or config.comparison.arms)
    given = {f"comparison.{name}": v for name, v in asked_for.items() if v is not None}
    return changed(config, {"comparison.arms": known, **given})


def data_day(text: str) -> str:
    """Returns a date as it was given; raises BadParameter unless it is YYYY-MM-DD."""
    try:
        valid = not text or datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        valid = False
    if not valid:
        raise typer.BadParameter(f"{text!r} isn't a day like 2026-01-31")
    return text


def day_of(data_date: str, scheduled: str, config: Config) -> str:
    """Returns the day that is meant: the date, or what follows from when a run was due.

    Raises:
        ConfigError: `scheduled` isn't a moment with its offset.
        BadParameter: both are given.
    """
    from lt4rec_core.retraining.data_date import data_date_of

    if data_date and scheduled:
        raise typer.BadParameter("give the day or --scheduled-time, not both")
    return data_date_of(scheduled, config.ingest) if scheduled else data_date


def git_commit() -> str:
    """Returns the commit of this code, with "-dirty" if it was changed; "" if unknown."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return ""
    return f"{commit}-dirty" if _git("status", "--porcelain", "--untracked-files=no") else commit


def _git(*arguments: str) -> str:
    import shutil
    import subprocess

    git = shutil.which("git")
    if git is None or not (_CODE.parent / ".git").exists():
        return ""  # installed somewhere: a repository further up is another project's
    command = [git, "-C", str(_CODE.parent), "--no-optional-locks", *arguments]
    try:
        # A fixed command without a shell; git is whichever the user has.
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
