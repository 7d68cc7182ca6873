"""The file logger: one line a call, the file emptied at the start."""

import json
import os
from pathlib import Path


class Tracking:
    def __init__(self, project_name=None, experiment_name=None, default_backend="console", config=None):
        self.path = Path(os.environ["VERL_FILE_LOGGER_PATH"])
        self.path.write_bytes(b"")

    def log(self, data, step, backend=None):
        with self.path.open("a") as stream:
            stream.write(json.dumps({"step": step, "data": data}) + "\n")
        print(f"(TaskRunnerV1 pid=1) step:{step} - " + " - ".join(f"{k}:{v}" for k, v in data.items()), flush=True)
