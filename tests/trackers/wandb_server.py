"""As much of a W&B server as its client needs to start, resume, log and finish runs; keeps what it is sent.

Stands in for the real one, whose protocol it follows as the client speaks it: GraphQL for runs, and a stream of lines
with offsets for each file of a run.
"""

from __future__ import annotations

import gzip
import http.server
import json
import re
import threading
from dataclasses import dataclass, field
from typing import Any, Self

from trackers.readers import Held

HISTORY = "wandb-history.jsonl"
SUMMARY = "wandb-summary.json"


@dataclass
class Bucket:
    """A run on the server."""

    variables: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    exit_code: int | None = None


class WandbServer:
    """A context manager; `url` is what WANDB_BASE_URL must be."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.authorizations: set[str] = set()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None: ...

            def do_GET(self) -> None:
                self._reply({})

            def do_PUT(self) -> None:
                self._body()
                self._reply({})

            def do_POST(self) -> None:
                server.authorizations.add(self.headers.get("Authorization", ""))
                body = json.loads(self._body() or b"{}")
                run = re.fullmatch(r"/files/.*/([^/]+)/file_stream", self.path)
                self._reply(server.stream(run[1], body) if run else {"data": server.answer(body)})

            def _body(self) -> bytes:
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data

            def _reply(self, content: object) -> None:
                data = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, query: dict[str, Any]) -> dict[str, Any]:
        """The data of a GraphQL query or mutation; empty for those that nothing depends on."""
        found = re.search(r"(?:query|mutation)\s+(\w+)", query.get("query", ""))
        operation, variables = found[1] if found else "", query.get("variables") or {}
        if operation == "RunResumeStatus":
            return {"model": {"id": "m", "name": "p", "entity": _ENTITY, "bucket": self._resumed(variables["name"])}}
        if operation == "UpsertBucket":
            name = variables["name"]
            inserted = name not in self.buckets
            bucket = self.buckets.setdefault(name, Bucket())
            bucket.variables |= {key: value for key, value in variables.items() if value is not None}
            return {"upsertBucket": {"bucket": _bucket(name, bucket), "inserted": inserted}}
        if operation == "CreateRunFiles":
            files = [{"name": name, "uploadUrl": f"{self.url}/upload"} for name in variables["files"]]
            return {"createRunFiles": {"runID": variables["run"], "uploadHeaders": [], "files": files}}
        return {}

    def stream(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        bucket = self.buckets.setdefault(name, Bucket())
        for file, chunk in (body.get("files") or {}).items():
            lines, offset = bucket.files.setdefault(file, []), chunk["offset"]
            lines[offset : offset + len(chunk["content"])] = chunk["content"]
        if body.get("complete"):
            bucket.exit_code = body.get("exitcode", 0)
        return {}

    def held(self) -> dict[str, Held]:
        """What the runs are, as a person would see them."""
        found = {}
        for name, bucket in self.buckets.items():
            held = Held(name=bucket.variables["displayName"], group=bucket.variables["groupName"])
            held.status = {None: "running", 0: "finished", 1: "failed", 255: "killed"}[bucket.exit_code]
            config = json.loads(bucket.variables["config"])
            held.config = {key: str(value["value"]) for key, value in config.items()}
            for line in bucket.files.get(HISTORY, []):
                row = json.loads(line)
                for key, value in row.items():
                    if not key.startswith("_"):
                        held.point(key, row["_step"], float(value))
            for key, value in json.loads((bucket.files.get(SUMMARY) or ["{}"])[-1]).items():
                if isinstance(value, str) and key not in ("kl", "grad_norm"):
                    held.facts[key] = value
                elif isinstance(value, (int, float)):
                    held.numbers[key] = float(value)
            held.facts["tags"] = ", ".join(bucket.variables.get("tags") or ())
            found[name] = held
        return found

    def _resumed(self, name: str) -> dict[str, Any] | None:
        bucket = self.buckets.get(name)
        if bucket is None:
            return None
        history = bucket.files.get(HISTORY, [])
        return {
            **_bucket(name, bucket),
            "summaryMetrics": (bucket.files.get(SUMMARY) or ["{}"])[-1],
            "logLineCount": 0,
            "historyLineCount": len(history),
            "eventsLineCount": 0,
            "historyTail": json.dumps(history[-1:]),
            "eventsTail": "[]",
            "config": bucket.variables.get("config", "{}"),
            "tags": bucket.variables.get("tags") or [],
            "notes": None,
            "wandbConfig": '{"t": 1}',
        }


_ENTITY = {"id": "e", "name": "team"}


def _bucket(name: str, bucket: Bucket) -> dict[str, Any]:
    return {
        "id": f"id-{name}",
        "name": name,
        "displayName": bucket.variables.get("displayName"),
        "description": None,
        "config": bucket.variables.get("config"),
        "sweepName": None,
        "project": {"id": "m", "name": "p", "entity": _ENTITY},
        "historyLineCount": len(bucket.files.get(HISTORY, [])),
    }
