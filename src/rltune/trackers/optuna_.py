"""Optuna: an evaluation is a finished trial of the study, and of one study more for its model and rung.

In the study itself only what was trained on the target to r_max is COMPLETE; so its best trial is the best evaluation
there, whatever proxies scored. What is known of a proxy or of a lower rung can be compared within it only, and is
COMPLETE in an Optuna study of its own, for plots and importances over all that was tried there.

Finished trials can't be changed or removed. Where one contradicts the store (an evaluation that failed and was tried
again), its Optuna study is deleted and written anew, in the order of the store. Trials without rltune's mark are
somebody's own: they are left alone as long as that doesn't happen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import Study

from rltune.optimizers.optuna_parts import quiet
from rltune.redaction import hide_passwords
from rltune.trackers.base import TrackedEvaluation, TrackedStudy
from rltune.trackers.contents import STUDY_KEY
from rltune.trackers.options import OptunaOptions
from rltune.trackers.optuna_storage import is_url, open_storage
from rltune.trackers.optuna_trials import DIGEST, KEY, fingerprint, trial_of

JOURNAL = "optuna.journal"
OWNER = "rltune:study"
"""User attribute of an Optuna study: the key of the study that it mirrors."""
ABOUT = "rltune:about"
"""User attribute of the main one: the fingerprint of its description."""
METRIC = "validation score"
LONGEST_MODEL = 200
"""Characters of a model's name in that of an Optuna study."""
_TWICE = "twice"


class OptunaTracker:
    """Implements `rltune.trackers.base.EvaluationTracker`."""

    name = "optuna"

    def __init__(self, options: OptunaOptions, folder: Path) -> None:
        self._options = options
        self.at = place_of(options, folder)
        self._storage: BaseStorage | None = None
        self._study = TrackedStudy("", "")
        self._main = ""
        # What is there: name of an Optuna study -> key of an evaluation -> fingerprint.
        self._held: dict[str, dict[str, str]] = {}
        self._open: dict[str, Study] = {}
        self._about = ""
        self._certain = False

    @property
    def place(self) -> str:
        return f"Optuna study {self._main} in {hide_passwords(self.at)}"

    @property
    def main(self) -> str:
        """The name of the Optuna study that has all evaluations; known once it is open."""
        return self._main

    def open(self, study: TrackedStudy) -> Mapping[str, str]:
        self.close()
        self._study = study
        self._certain = False
        with quiet():
            self._storage = open_storage(self.at)
            self._read()
        return {}

    def settle(self, wanted: Mapping[str, str]) -> Mapping[str, str]:
        with quiet():
            if not self._certain:
                self._read()
            right = {key: fingerprint(digest) for key, digest in wanted.items()}
            for name, held in list(self._held.items()):
                unasked = name != self._main and not self._options.fidelities
                if unasked or any(right.get(key) != digest for key, digest in held.items()):
                    self._remove(name)
        main = self._held.get(self._main, {})
        parts = {key for name, held in self._held.items() if name != self._main for key in held}
        there = {key: wanted[key] for key in main if key in parts or not self._options.fidelities}
        if self._about and self._about == wanted.get(STUDY_KEY):
            there[STUDY_KEY] = self._about
        return there

    def describe(self, about: Mapping[str, object], digest: str) -> None:
        with quiet(), _Doubt(self):
            study = self._made(self._main)
            known = study.user_attrs
            for name, value in {**about, "complete": "target at r_max; all else is pruned or failed"}.items():
                if known.get(name) != json.loads(json.dumps(value)):
                    study.set_user_attr(name, value)
            study.set_user_attr(ABOUT, digest)
            self._about = digest

    def write(self, evaluation: TrackedEvaluation) -> None:
        names = [self._main]
        if self._options.fidelities:
            names.append(f"{self._main}: {_short(evaluation.model)} at step {evaluation.steps}")
        with quiet(), _Doubt(self):
            for name in names:
                if evaluation.key not in self._held.get(name, {}):
                    comparable = evaluation.full or name != self._main
                    study = self._made(name)
                    if name != self._main and not self._held[name]:
                        study.set_user_attr("model", evaluation.model)
                        study.set_user_attr("steps", evaluation.steps)
                    study.add_trial(trial_of(evaluation, comparable=comparable))
                    self._held[name][evaluation.key] = fingerprint(evaluation.digest)

    def close(self) -> None:
        storage, self._storage = self._storage, None
        self._open.clear()
        if storage is not None:
            storage.remove_session()
        if isinstance(storage, RDBStorage):
            storage.engine.dispose()

    def _read(self) -> None:
        """What is there, and under which names."""
        assert self._storage is not None
        self._open, self._held, self._about = {}, {}, ""
        found = {s.study_name: s for s in optuna.get_all_study_summaries(self._storage, include_best_trial=False)}
        wish = self._options.name or self._study.name
        # An empty one without any mark is what a kill may have left of ours, or was made for us.
        taken = found.get(wish)
        ours = taken is None or taken.user_attrs.get(OWNER, self._study.key if not taken.n_trials else "")
        self._main = wish if taken is None or ours == self._study.key else f"{wish} ({self._study.key[-8:]})"
        for name, summary in found.items():
            if summary.user_attrs.get(OWNER) == self._study.key and (name == self._main or self._is_part(name)):
                self._held[name] = self._fingerprints(name)
        if self._main in self._held:
            self._about = str(found[self._main].user_attrs.get(ABOUT, ""))
        self._certain = True

    def _is_part(self, name: str) -> bool:
        return name.startswith(f"{self._main}: ")

    def _fingerprints(self, name: str) -> dict[str, str]:
        held: dict[str, str] = {}
        for trial in self._made(name).get_trials(deepcopy=False):
            key = trial.system_attrs.get(KEY)
            if key is not None:
                held[key] = _TWICE if key in held else str(trial.system_attrs.get(DIGEST))
        return held

    def _made(self, name: str) -> Study:
        """The Optuna study of a name, made if need be."""
        if name not in self._open:
            # Nobody asks for suggestions here: the plainest sampler will do.
            sampler = optuna.samplers.RandomSampler(seed=0)
            study = optuna.create_study(
                storage=self._storage, study_name=name, direction="maximize", load_if_exists=True, sampler=sampler
            )
            if study.metric_names is None:
                study.set_metric_names([METRIC])
            if study.user_attrs.get(OWNER) != self._study.key:
                study.set_user_attr(OWNER, self._study.key)
            self._open[name] = study
            self._held.setdefault(name, {})
        return self._open[name]

    def _remove(self, name: str) -> None:
        assert self._storage is not None
        with _Doubt(self):
            optuna.delete_study(study_name=name, storage=self._storage)
            self._open.pop(name, None)
            del self._held[name]
            if name == self._main:
                self._about = ""


class _Doubt:
    """After an error in its `with` block it is uncertain what has arrived, and has to be read again."""

    def __init__(self, tracker: OptunaTracker) -> None:
        self._tracker = tracker

    def __enter__(self) -> None:
        self._tracker._certain = False

    def __exit__(self, kind: object, *_: object) -> None:
        self._tracker._certain = kind is None


def _short(model: str) -> str:
    """A model's name, or the end of a long one: databases take 512 characters for a study's."""
    return model if len(model) <= LONGEST_MODEL else f"...{model[-LONGEST_MODEL:]}"


def place_of(options: OptunaOptions, folder: Path) -> str:
    """Where the trials of the study in `folder` go: a URL, or a journal file's path."""
    if options.storage is None:
        return str(folder / JOURNAL)
    return options.storage if is_url(options.storage) else str(Path(options.storage).expanduser())
