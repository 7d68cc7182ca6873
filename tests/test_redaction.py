"""Values of secrets vanish from text and from logs, and nothing else does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltune.redaction import HIDDEN, NAMES, hide_passwords, is_secret_name, known_secrets, redacted, scrub

TOKEN = "q8Zk3vQ9x7Lm2Pw8Rt5Yb1"


@pytest.mark.parametrize(
    "name",
    ["WANDB_API_KEY", "HF_TOKEN", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "MYSQL_PWD", "db_password", "OPENAI_APIKEY"],
)
def test_names_that_tell_a_secret(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["PATH", "PWD", "OLDPWD", "TOKENIZERS_PARALLELISM", "MAX_TOKENS", "KEYBOARD", "AUTHOR"]
)
def test_names_that_tell_none(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("environment", "text", "expected"),
    [
        ({"WANDB_API_KEY": "s3cret-key"}, "WANDB_API_KEY=s3cret-key\n", f"WANDB_API_KEY={HIDDEN}\n"),
        ({"HARMLESS": TOKEN}, f"got {TOKEN}.", f"got {HIDDEN}."),
        ({"HARMLESS": "hf_abcdefghijklmnopqrst"}, "x hf_abcdefghijklmnopqrst", f"x {HIDDEN}"),
        ({"MINE": "correct horse", NAMES: "OTHER, MINE"}, "a correct horse", f"a {HIDDEN}"),
        ({"DB": "postgresql://u:hush-hush@h/d"}, "no hush-hush here", f"no {HIDDEN} here"),
        ({"A_KEY": "-----BEGIN\nMIIEvQIBADANBgkqhkiG\n"}, "MIIEvQIBADANBgkqhkiG", HIDDEN),
        # a short one is hidden as a word only
        ({"PGPASSWORD": "postgres"}, "postgres postgresql", f"{HIDDEN} postgresql"),
    ],
)
def test_a_known_secret_is_hidden(environment: dict[str, str], text: str, expected: str) -> None:
    assert redacted(text, environment) == expected


@pytest.mark.parametrize(
    "environment",
    [
        {"PATH": "/usr/local/bin:/usr/bin", "HOME": "/home/somebody", "LANG": "C.UTF-8"},
        {"SSH_AUTH_SOCK": "/tmp"},  # a path that exists
        {"MODEL": "Qwen/Qwen2.5-0.5B-Instruct", "RUN": "a-rather-long-name-of-a-run"},
        {"API_KEY": "", "OTHER_KEY": "EMPTY"},
        {"RLTUNE_TRIAL": "q8Zk3vQ9x7Lm2Pw8Rt5Yb1"},
    ],
)
def test_harmless_variables_are_no_secrets(environment: dict[str, str]) -> None:
    assert known_secrets(environment) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql+psycopg://u:pa/ss@h/d", "postgresql+psycopg://u:***@h/d"),
        ("at https://me:pass@host/x", "at https://me:***@host/x"),
        ("?password=abc&x=1", "?password=***&x=1"),
        ("https://host:80/path", "https://host:80/path"),
    ],
)
def test_passwords_of_urls(text: str, expected: str) -> None:
    assert hide_passwords(text) == expected


def test_this_process_is_asked_if_no_environment_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", TOKEN)
    assert TOKEN not in redacted(f"it is {TOKEN}")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=200), st.text(min_size=6, max_size=40), st.text(max_size=200))
def test_no_text_keeps_a_long_secret(before: str, secret: str, after: str) -> None:
    secret = f"<{secret.replace(chr(0), '')}>" * 3
    assert secret not in redacted(before + secret + after, {"X_TOKEN": secret})


@pytest.mark.parametrize("at", [0, 100, (1 << 20) - 7, (1 << 20), 3 * (1 << 20) - 1])
def test_a_log_is_scrubbed_wherever_the_secret_stands(tmp_path: Path, at: int) -> None:
    log = tmp_path / "log.txt"
    log.write_bytes(b"." * at + TOKEN.encode() + b"\nrest")
    scrub(log, {"ANY": TOKEN})
    assert log.read_bytes() == b"." * at + b"*" * len(TOKEN) + b"\nrest"


def test_only_a_plain_file_of_its_own_is_scrubbed(tmp_path: Path) -> None:
    precious = tmp_path / "netrc"
    precious.write_text(TOKEN)
    (tmp_path / "link").symlink_to(precious)
    os.link(precious, tmp_path / "hard")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "hard", "pipe", "missing", "."):
        scrub(tmp_path / name, {"ANY": TOKEN})
    assert precious.read_text() == TOKEN
