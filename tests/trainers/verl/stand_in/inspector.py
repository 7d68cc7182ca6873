"""What `rltune.trainers.verl.inspector` would say, from the recorded schema of verl 0.9.1."""

import json
import sys
from pathlib import Path

SCHEMA = json.loads(Path(__file__).with_name("schema-0.9.1.json").read_text())
for line in sys.stdin:
    request = json.loads(line)
    if request["ask"] == "schema":
        answer = SCHEMA
    elif request["ask"] == "compose":
        given = dict(text.lstrip("+").split("=", 1) for text in request["overrides"])
        defaults = {key: facts["default"] for key, facts in SCHEMA["keys"].items()}
        answer = {"values": {key: given.get(key, defaults.get(key)) for key in request["keys"]}, "missing": []}
    else:
        answer = {"validated": True}
    print(json.dumps(answer), flush=True)
