"""Who may ask the live page for what: hostile requests by a real HTTP client against a real server."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from report.factory import fill_finished
from rltune.store.open import open_study
from rltune.web.guard import host_of
from rltune.web.serve import ServerError, Serving, serve
from web.conftest import Served, ask, make_study, served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("guarded") / "demo"
    make_study(folder, fill_finished).close()
    (folder / "secret.txt").write_text("nobody's business")
    return folder


@pytest.fixture(scope="module")
def loopback(place: Path) -> Iterator[Served]:
    with served(place) as server:
        yield server


@pytest.fixture(scope="module")
def elsewhere(place: Path) -> Iterator[Served]:
    """Bound to all interfaces."""
    with served(place, "--host", "0.0.0.0") as server:
        port = urlsplit(server.url).port
        yield Served(server.process, f"http://127.0.0.1:{port}/?token={server.token}")


def raw(server: Served, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
    """A request just as it is written here: no client tidies its path or its headers."""
    where = urlsplit(server.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def records(place: Path) -> int:
    """How many requests the study holds."""
    store = open_study(place, "demo", read_only=True)
    try:
        return len(store.requests())
    finally:
        store.close()


# --- names: a page of another site whose name points here ---
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "",
        "127.0.0.1@evil",
        "[::1",
        "0.0.0.0",
        "localhost/evil",
    ],
)
def test_another_name_is_refused(loopback: Served, host: str) -> None:
    status, body = raw(loopback, "GET", "/api/overview", {"Host": host})
    assert status == 421 and b"counts" not in body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9999", "LOCALHOST", "[::1]:80"])
def test_loopback_has_its_names(loopback: Served, host: str) -> None:
    assert raw(loopback, "GET", "/api/session", {"Host": host})[0] == 200


def test_a_name_can_be_allowed(place: Path) -> None:
    with served(place, "--allow-host", "Tuner.Example") as server:
        assert raw(server, "GET", "/api/session", {"Host": "tuner.example:443"})[0] == 200
        assert raw(server, "GET", "/api/session", {"Host": "other.example"})[0] == 421


def test_names_are_read_as_browsers_write_them() -> None:
    assert host_of("Localhost:80") == "localhost" and host_of("[::1]:80") == "::1" and host_of("a.b.") == "a.b"


# --- the token ---
@pytest.mark.parametrize(
    "path", ["/", "/api/overview", "/api/session", "/api/events", "/static/plotly.min.js", "/?token=x"]
)
def test_elsewhere_nothing_is_there_without_the_token(elsewhere: Served, path: str) -> None:
    status, body = raw(elsewhere, "GET", path, {})
    assert status == 401 and b"csrf" not in body and len(body) < 400


@pytest.mark.parametrize("token", ["", "x", "é" * 43, "A" * 100_0])
def test_a_wrong_token_is_refused_wherever_it_stands(elsewhere: Served, token: str) -> None:
    port = urlsplit(elsewhere.url).port
    cookie = f"rltune_{port}={token}".encode().decode("latin-1")
    assert raw(elsewhere, "GET", "/api/session", {"Cookie": cookie})[0] == 401
    bearer = f"Bearer {token}".encode().decode("latin-1")
    assert raw(elsewhere, "GET", "/api/session", {"Authorization": bearer})[0] == 401


def test_the_token_opens_the_page_once_and_the_cookie_afterwards(elsewhere: Served) -> None:
    with httpx.Client(base_url=elsewhere.url) as client:
        first = client.get("/", params={"token": elsewhere.token})
        assert first.status_code == 200 and elsewhere.token not in first.text
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie and "SameSite=strict" in cookie.replace("Strict", "strict")
        assert client.get("/api/session").status_code == 200
    assert raw(elsewhere, "GET", "/api/session", {"Authorization": f"Bearer {elsewhere.token}"})[0] == 200


def test_the_token_is_long_and_new_each_time(place: Path, elsewhere: Served) -> None:
    with served(place, "--token", "random") as server:
        assert len(server.token) >= 43 and server.token != elsewhere.token
        assert raw(server, "GET", "/api/session", {})[0] == 401


def test_a_token_that_could_be_guessed_is_refused(place: Path) -> None:
    with pytest.raises(ServerError, match="at least 16"):
        serve(place, Serving(token="1234"), print)


def test_elsewhere_other_names_are_refused_too(elsewhere: Served) -> None:
    headers = {"Host": "evil.example", "Authorization": f"Bearer {elsewhere.token}"}
    assert raw(elsewhere, "GET", "/api/session", headers)[0] == 421


# --- other sites ---
def secret_of(server: Served) -> str:
    return json.loads(raw(server, "GET", "/api/session", {})[1])["csrf"]


def test_a_form_of_another_site_changes_nothing(loopback: Served, place: Path) -> None:
    before = records(place)
    good = {"Content-Type": "application/json", "X-Rltune": secret_of(loopback)}
    body = json.dumps({"kind": "budget", "values": {"time": 1e9}}).encode()
    tries = [
        {"Content-Type": "application/x-www-form-urlencoded"},  # a plain form
        {"Content-Type": "text/plain"},  # a form that looks like JSON
        {"Content-Type": "application/json"},  # without the header
        {**good, "X-Rltune": ""},
        {**good, "X-Rltune": "x" * 43},
        {**good, "Origin": "http://evil.example"},
        {**good, "Origin": "null"},  # a sandboxed frame
        {**good, "Origin": loopback.url.replace("127.0.0.1", "127.0.0.1.evil.example")},
        {**good, "Sec-Fetch-Site": "cross-site"},
        {**good, "Sec-Fetch-Site": "same-site"},  # another port of this machine
        {**good, "Content-Type": "text/plain"},
    ]
    for headers in tries:
        status, answer = raw(loopback, "POST", "/api/requests", headers, body)
        assert status in (403, 415), (headers, answer)
    assert records(place) == before


def test_other_sites_may_read_nothing(loopback: Served) -> None:
    assert raw(loopback, "GET", "/api/overview", {"Sec-Fetch-Site": "cross-site"})[0] == 403
    assert raw(loopback, "GET", "/api/events", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"})[0] == 403
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert raw(loopback, "GET", "/", link)[0] in (200, 404), "a link to the page may stand anywhere"
    assert raw(loopback, "GET", "/api/overview", link)[0] == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"])
def test_no_other_method_does_anything(loopback: Served, method: str) -> None:
    headers = {"Origin": loopback.url, "Access-Control-Request-Method": "POST"}
    status, _ = raw(loopback, method, "/api/requests", headers)
    assert status in (400, 403, 405)


def test_every_answer_has_its_headers(loopback: Served) -> None:
    with httpx.Client(base_url=loopback.url) as client:
        answers = [
            client.get(path, headers={"Origin": "http://evil.example"}) for path in ("/", "/api/overview", "/no")
        ]
        answers.append(client.get("/api/session", headers={"Host": "evil.example"}))
        answers.append(client.post("/api/requests"))
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe-eval" not in policy
        assert "unsafe-inline" not in policy.partition("style-src")[0]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "server" not in answer.headers


# --- files and commands ---
@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/web/app.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/....//app.py",
        "/static/..\\app.py",
        "/static/",
        "/../../../../etc/passwd",
        "/study.yaml",
        "/static/%00",
        "/secret.txt",
        "/api/run/..%2f..%2fsecret.txt",
        "/api/run/%2e%2e%2fsecret.txt",
        "file:///etc/passwd",
    ],
)
def test_no_path_reaches_a_file(loopback: Served, path: str) -> None:
    status, body = raw(loopback, "GET", path, {})
    assert status in (400, 404), body[:200]
    assert b"root:" not in body and b"import" not in body and b"nobody" not in body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'"pause"',
        b'{"kind": 1}',
        b'{"kind": "shell", "values": {"command": "id"}}',
        b"[" * 60_000,
        b'{"kind": "pause", "values": [], "x": 1}',
        b'{"kind": "pause", "values": {"place": "/etc"}}',
        b"\xff\xfe",
        b'{"kind": "stop_run", "values": {"run": "../../x"}}',
        b'{"kind": "pin", "values": {"run": "r0001", "step": 1e999}}',
        b'{"kind": "budget", "values": {"time": NaN}}',
        b"{" + b" " * 70_000 + b"}",
    ],
    ids=range(14),
)
def test_a_malformed_request_is_refused_and_leaves_nothing(loopback: Served, place: Path, body: bytes) -> None:
    before = records(place)
    headers = {"Content-Type": "application/json", "X-Rltune": secret_of(loopback), "Origin": loopback.url}
    status, answer = raw(loopback, "POST", "/api/requests", headers, body)
    assert status == 400 and json.loads(answer)["error"]["message"]
    assert records(place) == before


def test_a_request_with_its_secret_is_taken(loopback: Served, place: Path) -> None:
    with httpx.Client(base_url=loopback.url, headers={"Origin": loopback.url}) as client:
        runs = client.get("/api/runs?phase=confirm").json()["rows"]
        values = {"run": runs[0]["run"], "step": runs[0]["rung"], "pinned": True}
        made = ask(client, "pin", values)
        assert made.status_code == 202 and made.json()["state"] == "done"
        assert client.get(f"/api/requests/{made.json()['id']}").json()["values"] == values
        assert client.get(f"/api/run/{runs[0]['run']}").json()["checkpoints"][-1]["pinned"] is True
        refused = ask(client, "pause", {})
        assert refused.status_code == 400 and "finished" in refused.json()["error"]["message"]


def test_secrets_of_the_environment_are_hidden(place: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = make_study(tmp_path / "leaky", fill_finished, "leaky")
    run = store.runs()[0]
    monkeypatch.setenv("HF_TOKEN", "hunter2hunter2hunter2")
    with store._engine.begin() as connection:  # as if it came from a machine that didn't know the secret
        connection.exec_driver_sql(
            "UPDATE segment SET log_tail = 'login with hunter2hunter2hunter2 at postgres://u:pw123@h/d'"
        )
        connection.exec_driver_sql("UPDATE decision SET reason = 'hunter2hunter2hunter2 said so'")
    store.close()
    with served(tmp_path / "leaky") as server, httpx.Client(base_url=server.url) as client:
        pages = [client.get(p).text for p in (f"/api/run/{run.id}", "/api/ledger", "/api/overview", "/api/runs")]
    assert "login with ***" in pages[0]
    assert not [page for page in pages if "hunter2" in page or "pw123" in page]


def test_a_slow_or_broken_client_harms_nobody(loopback: Served) -> None:
    where = urlsplit(loopback.url)
    stuck = [socket.create_connection((where.hostname, where.port)) for _ in range(50)]
    try:
        for each in stuck:
            each.sendall(b"GET /api/overview HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert raw(loopback, "GET", "/api/session", {})[0] == 200
    finally:
        for each in stuck:
            each.close()
    assert raw(loopback, "GET", "/api/session", {})[0] == 200
