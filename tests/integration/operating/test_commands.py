"""The commands about days and versions: what they print, and with which code they end."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest
from typer.testing import CliRunner, Result

import pipelines.monitoring
from lt4rec_core.config import Monitor, Webhook
from lt4rec_core.errors import ConfigError, DeliveryError
from pipelines.cli import app
from pipelines.monitoring import monitor

CONFIG = """
[[fields]]
name = "user_id"

[register]
model_name = "feed"

[monitor.webhook]
url = "{url}"
"""


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands change the environment for good; a test mustn't."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.fixture
def call(workspace: Path) -> Callable[..., Result]:
    def call(*arguments: Any) -> Result:
        texts = [str(argument) for argument in arguments]
        return CliRunner().invoke(app, [*texts, "--workspace", str(workspace)])

    return call


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "feed.toml"
    path.write_text(CONFIG.format(url=""))
    return path


def test_history_has_one_line_a_day_and_its_alerts_below(
    past: Any, call: Callable[..., Result]
) -> None:
    past.day("2026-01-01")
    past.day("2026-01-02", accepted=False, psi=0.9)
    result = call("history")
    head, one, two, alert = result.stdout.splitlines()
    assert head.split()[:4] == ["date", "run", "gate", "ctr"]
    assert "accepted" in one and "champion" in one and "0.71000" in one
    assert "refused" in two and "challenger" in two and "ctr auc on 2026-01-02" in two
    assert "warning: drift: user on 2026-01-02: seen 0.9" in alert


def test_history_as_json_holds_everything(past: Any, call: Callable[..., Result]) -> None:
    past.day("2026-01-01", psi=0.9)
    found = json.loads(call("history", "--json").stdout.splitlines()[-1])
    assert (found["model"], found["champion"]) == ("feed", "1")
    (day,) = found["days"]
    assert day["tasks"]["ctr"]["gain"]["high"] == pytest.approx(0.02)
    assert [alert["check"] for alert in day["alerts"]] == ["drift"]


def test_text_of_others_does_not_steer_the_terminal(past: Any, call: Callable[..., Result]) -> None:
    past.day("2026-01-01")
    parent = past.parent("2026-01-02")
    past.store.set_tags(
        past.store.start_child(parent, "validate", {}), {"lt4rec.failure": "\x1b[2Jx"}
    )
    past.store.end(parent, "FAILED")
    result = call("history")
    assert "\x1b" not in result.stdout
    assert "[2Jx" in result.stdout


def test_place_without_runs_is_refused(tmp_path: Path) -> None:
    arguments = ["history", "--workspace", str(tmp_path / "empty")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "holds no runs" in result.stderr


def test_quiet_day_ends_well_and_an_error_with_four(
    past: Any, call: Callable[..., Result], config: Path
) -> None:
    past.day("2026-01-01")
    quiet = call("monitor", config)
    assert (quiet.exit_code, "no alerts" in quiet.stdout) == (0, True)
    due = ("--scheduled-time", "2026-01-03T04:00:00Z")  # a day later
    missing = call("monitor", config, *due, "--json")
    assert missing.exit_code == 4
    judged = json.loads(missing.stdout.splitlines()[-1])
    assert (judged["severity"], judged["alerts"][0]["check"]) == ("error", "failed_run")
    assert "1 alert(s) of severity error" in missing.stderr


def test_first_night_that_fails_or_is_missing_is_an_alert_already(
    past: Any, call: Callable[..., Result], config: Path
) -> None:
    assert call("monitor", config, "--date", "2026-01-01").exit_code == 4
    past.parent("2026-01-01")  # its pod was killed: nobody ended the run
    result = call("monitor", config, "--date", "2026-01-01")
    assert (result.exit_code, "the run is running" in result.stdout) == (4, True)


def test_warning_does_not_end_the_monitor_badly(
    past: Any, call: Callable[..., Result], config: Path
) -> None:
    past.day("2026-01-01", psi=0.9)
    result = call("monitor", config)
    assert (result.exit_code, "warning: drift" in result.stdout) == (0, True)


def test_promotion_and_rollback_say_what_changed(past: Any, call: Callable[..., Result]) -> None:
    past.day("2026-01-01")
    past.day("2026-01-02", accepted=False)
    done = call("promote", "2", "--reason", "a hunch", "--by", "ada")
    assert "Champion of feed is version 2 now, before it was version 1" in done.stdout
    assert "promote by ada" in done.stdout and "the gate had refused it" in done.stdout
    back = json.loads(call("rollback", "--reason", "no", "--json").stdout.splitlines()[-1])
    assert (back["champion"], back["changed"], back["change"]["former"]) == ("1", True, "2")
    again = json.loads(call("rollback", "--reason", "no", "--json").stdout.splitlines()[-1])
    assert (again["champion"], again["changed"]) == ("1", False)


def test_export_writes_the_champion_as_onnx(
    past: Any, call: Callable[..., Result], tmp_path: Path
) -> None:
    past.day("2026-01-01")
    target = tmp_path / "heads.onnx"
    done = call("export", "--target", target)
    assert (done.exit_code, "version 1 of feed" in done.stdout) == (0, True)
    graph = onnx.load(target).graph
    assert [given.name for given in graph.output] == ["pctr"]
    refused = call("export", "--target", target, "--version", "7")
    assert (refused.exit_code, "there are [1]" in refused.stderr) == (2, True)


def test_change_needs_a_reason_and_a_version_that_exists(
    past: Any, call: Callable[..., Result]
) -> None:
    past.day("2026-01-01")
    assert call("promote", "1").exit_code == 2
    result = call("promote", "5", "--reason", "x")
    assert result.exit_code == 2
    assert "has no version '5'; there are [1]" in result.stderr


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replaces the sending; keeps what was sent."""
    sent: list[Any] = []

    def send(settings: Webhook, secret: bytes, message: Any, clock: Any) -> str:
        sent.append((secret, message))
        return pipelines.monitoring.delivery_id(message)

    monkeypatch.setattr(pipelines.monitoring, "deliver", send)
    monkeypatch.setenv("LT4REC_WEBHOOK_SECRET", "s3cret")
    return sent


WATCHED = Monitor(webhook=Webhook(url="https://alerts.example.com/x"))


def test_alerts_are_sent_once_and_the_secret_stays_out_of_mlflow(
    past: Any, hook: list[Any]
) -> None:
    run = past.day("2026-01-01", psi=0.9)
    for _ in range(2):
        assert monitor(past.store, "feed", WATCHED).delivery
    ((secret, sent),) = hook
    assert (secret, sent["run_id"], sent["alerts"][0]["check"]) == (b"s3cret", run, "drift")
    assert "s3cret" not in str(past.store.client.get_run(run).to_dictionary())


def test_quiet_day_sends_nothing_but_a_missing_secret_is_told(
    past: Any, hook: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    past.day("2026-01-01")
    assert monitor(past.store, "feed", WATCHED).alerts == ()
    assert hook == []
    monkeypatch.delenv("LT4REC_WEBHOOK_SECRET")
    with pytest.raises(ConfigError, match="holds no secret"):
        monitor(past.store, "feed", WATCHED)


def test_alerts_that_nobody_took_are_shown_and_told(
    past: Any,
    hook: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[..., Result],
    config: Path,
) -> None:
    def refuse(*_: Any) -> str:
        raise DeliveryError("the webhook at https://alerts.example.com didn't take the alerts")

    monkeypatch.setattr(pipelines.monitoring, "deliver", refuse)
    config.write_text(CONFIG.format(url="https://alerts.example.com/x"))
    past.day("2026-01-01", psi=0.9)
    result = call("monitor", config)
    assert result.exit_code == 1
    assert "warning: drift" in result.stdout
    assert "didn't take the alerts" in result.stderr
