"""Values of secrets, kept out of what rltune writes: which ones a process knows, and how text and logs lose them.

A secret is known by its variable's name (`HF_TOKEN`, `PGPASSWORD`), by being the password of a URL, by its form
(`hf_...`, a long random word, whatever the variable is called), or because RLTUNE_SECRETS names its variable.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

NAMES = "RLTUNE_SECRETS"
"""Environment variable: names of further variables whose values are secrets, separated by commas."""

HIDDEN = "***"

_WORDS = frozenset({"KEY", "PASS", "PWD", "AUTH", "CREDENTIAL", "CREDENTIALS", "COOKIE"})
_ENDINGS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "APIKEY")
_FOLDERS = frozenset({"PWD", "OLDPWD"})
_OWN = "RLTUNE_"
_FORM = re.compile(
    r"(?:hf_|sk-|gh[pousr]_|github_pat_|glpat-|xox[abposr]-|AKIA|ASIA|AIza|ya29\.|eyJ)[\w.~+/=-]{12,}"
    r"|(?=[\w+=-]*[0-9])(?=[\w+=-]*[A-Za-z])[\w+=-]{20,}"
)
_LEAST_ENTROPY = 3.0
"""Bits a character: words and versions that are put together have less than random letters and digits, mostly."""

_SHORTEST = 6
_LONG = 16
"""From this length on a value is hidden inside of longer words too; a shorter one may be part of a common word."""

_URL_PASSWORD = re.compile(
    # A database's password may hold a slash; elsewhere a slash ends the part of the address that may hold one.
    r"(?:(?<=sql://)|(?<=psycopg://)|(?<=postgres://))(?P<user>[^/\s:@]*):(?P<password>[^\s@]+)@"
    r"|(?<=://)(?P<other>[^/\s:@]*):(?P<secret>[^/\s@]+)@"
    r"|\b(?P<key>(?:ssl)?password|passwd|pwd)=(?P<value>[^&\s]+)"
)
_CHUNK = 1 << 20


def is_secret_name(name: str) -> bool:
    """Whether a variable of that name holds a secret, as far as names tell: `HF_TOKEN` does, `MAX_TOKENS` doesn't."""
    words = re.split(r"[^A-Z0-9]+", name.upper())
    return name not in _FOLDERS and any(word in _WORDS or word.endswith(_ENDINGS) for word in words)


def hide_passwords(text: str) -> str:
    """The text with the passwords of URLs in it hidden."""
    return _URL_PASSWORD.sub(_without_password, text)


def redacted(text: str, environment: Mapping[str, str] | None = None) -> str:
    """The text without the values of known secrets and without passwords of URLs.

    Args:
        environment: what holds the secrets; None: this process's.
    """
    return redactor(environment)(text)


def redactor(environment: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """`redacted` with the secrets that are known now: for many texts, since looking for secrets takes longer."""
    pattern = _pattern(known_secrets(os.environ if environment is None else environment))
    known = re.compile(pattern) if pattern else None

    def without(text: str) -> str:
        return hide_passwords(known.sub(HIDDEN, text) if known else text)

    return without


def scrub(file: Path, environment: Mapping[str, str] | None = None) -> None:
    """Overwrites the values of known secrets in a log that nobody writes any more, with as many asterisks.

    Best effort: a file that is missing, can't be written or is no plain file of its own (a link to another one, whose
    contents aren't ours to change) stays as it is.
    """
    secrets = known_secrets(os.environ if environment is None else environment)
    if not secrets:
        return
    pattern = re.compile(_pattern(secrets).encode(errors="surrogateescape"))
    with contextlib.suppress(OSError):
        opened = os.open(file, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            state = os.fstat(opened)
            if stat.S_ISREG(state.st_mode) and state.st_nlink == 1:
                _overwrite(opened, pattern, 4 * len(secrets[0]) + 1)
        finally:
            os.close(opened)


def known_secrets(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of secrets in an environment, the longest first."""
    named = {name.strip() for name in environment.get(NAMES, "").split(",")}
    found = {
        secret.strip()
        for name, value in environment.items()
        if not name.startswith(_OWN)
        for secret in _secrets_in(name, value, name in named)
    }
    return tuple(sorted((s for s in found if len(s) >= _SHORTEST), key=lambda s: (-len(s), s)))


def _without_password(match: re.Match[str]) -> str:
    return f"{match['key']}={HIDDEN}" if match["key"] else f"{match['user'] or match['other'] or ''}:{HIDDEN}@"


def _secrets_in(name: str, value: str, named: bool) -> Iterator[str]:
    yield from (m["password"] or m["secret"] or m["value"] for m in _URL_PASSWORD.finditer(value))
    if named or (is_secret_name(name) and not os.path.exists(value)):
        yield value
        # A log's last lines may show a part of a key of several lines.
        yield from (line for line in value.splitlines() if len(line) >= _LONG)
    elif _FORM.fullmatch(value) and _entropy(value) >= _LEAST_ENTROPY:
        yield value


def _entropy(text: str) -> float:
    shares = [count / len(text) for count in Counter(text).values()]
    return -sum(share * math.log2(share) for share in shares)


@lru_cache(maxsize=16)
def _pattern(secrets: tuple[str, ...]) -> str:
    """A regular expression that matches any of the secrets; empty without any."""
    return "|".join(_one(secret) for secret in secrets)


def _one(secret: str) -> str:
    inside = re.escape(secret)
    return inside if len(secret) >= _LONG else f"(?<![A-Za-z0-9]){inside}(?![A-Za-z0-9])"


def _overwrite(opened: int, pattern: re.Pattern[bytes], overlap: int) -> None:
    position, kept = 0, b""
    while data := os.pread(opened, _CHUNK, position):
        window = kept + data
        begins = position - len(kept)
        for match in pattern.finditer(window):
            os.pwrite(opened, b"*" * len(match[0]), begins + match.start())
        position += len(data)
        kept = window[-overlap:]
