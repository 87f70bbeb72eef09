"""What the launcher decides before it starts anything."""

import os
import socket
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.local.launcher import (
    LONGEST_BACKOFF_SECONDS,
    LaunchError,
    Life,
    check_ports,
    load_installation_settings,
    only_launcher_of,
)
from deploy.local.processes import environment_of
from desk.settings import SettingsError, load_settings

SECRETS = ("PONTE_SECRET_KEY", "PONTE_RASA_TOKEN", "PONTE_DEMO_PASSWORD")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("PONTE_"):
            monkeypatch.delenv(name)
    for name in SECRETS:  # what the launcher sets is taken back after the test
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("PONTE_VAR_DIR", str(tmp_path / "var"))


def test_secrets_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = load_installation_settings()
    for name in SECRETS:
        os.environ[name] = ""
    second = load_installation_settings()
    assert len(first.secret_key.get_secret_value()) >= 32
    assert first.secret_key == second.secret_key
    assert first.rasa_token == second.rasa_token != first.secret_key
    assert first.demo_password == second.demo_password
    folder = tmp_path / "var" / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_password_of_the_environment_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PONTE_DEMO_PASSWORD", "escolhida")
    assert load_installation_settings().demo_password == SecretStr("escolhida")


def test_production_does_not_get_a_secret_key_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PONTE_ENV", "production")
    with pytest.raises(SettingsError, match="PONTE_SECRET_KEY"):
        load_installation_settings()
    assert not (tmp_path / "var" / "secrets" / "demo_password").exists()


def test_a_port_in_use_is_named_with_its_setting() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(LaunchError, match=rf"port {taken} .*PONTE_ACTIONS_PORT"):
            check_ports(load_settings(port=0, rasa_port=0, actions_port=taken))


def test_two_launchers_do_not_share_a_var_folder(tmp_path: Path) -> None:
    with (
        only_launcher_of(tmp_path),
        pytest.raises(LaunchError, match="already runs"),
        only_launcher_of(tmp_path),
    ):
        pass


def test_the_processes_read_the_settings_that_the_launcher_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = load_installation_settings()
    for name, value in environment_of(wanted).items():
        if name.startswith("PONTE_"):
            monkeypatch.setenv(name, value)
    assert load_settings() == wanted.model_copy(update={"var_dir": wanted.var_dir.absolute()})


def test_a_process_that_keeps_dying_is_started_later_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("deploy.local.launcher.time.monotonic", lambda: now)
    life = Life()
    pauses = []
    for _ in range(9):
        pauses.append(life.ended())
        life.started()
    assert pauses[:4] == [1, 2, 4, 8]
    assert pauses[-1] == LONGEST_BACKOFF_SECONDS
    now += 3600  # it was well for an hour
    assert life.ended() == 1
