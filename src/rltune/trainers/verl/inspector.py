"""Asks the installed verl what it takes. Run by verl's own interpreter as a script: it needs nothing of rltune.

One JSON object a line comes in, one goes out:

    {"ask": "schema"}                                -> {"version", "packages": {name: version},
                                                         "keys": {key: {"default", "types", "choices"}}}
    {"ask": "compose", "overrides": [...], "keys": [...]} -> {"values": {key: value}} or {"error"}
    {"ask": "validate", "overrides": [...]}          -> {"validated": true or why it couldn't be} or {"error"}

Composing needs hydra only and takes milliseconds; validation is verl's own and imports it (seconds, once).
Arguments: the config's name, and its folder ("" for verl's own).
"""

# pyright: reportMissingImports=false

import ast
import copy
import json
import os
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

CLASS_FOLDERS = ("workers/config", "trainer/config", "utils/profiler")
CHOICES = {
    "actor_rollout_ref.actor.loss_agg_mode": (
        "token-mean",
        "seq-mean-token-sum",
        "seq-mean-token-mean",
        "seq-mean-token-sum-norm",
    ),
    "algorithm.kl_penalty": ("kl", "abs", "mse", "low_var_kl", "full", "k1", "k2", "k3", "k1+", "k2+", "k3+"),
    "algorithm.kl_ctrl.type": ("fixed", "adaptive"),
    "trainer.resume_mode": ("auto", "disable", "resume_path"),
}
PACKAGES = ("torch", "transformers", "ray", "vllm", "sglang", "tensordict", "TransferQueue")
KL_LOSS = ("kl", "k1", "abs", "mse", "k2", "low_var_kl", "k3")


_parse = yaml.load
_parsed = {}


def load_once(stream, Loader):
    """`yaml.load`, each text once: a config is made of thirty files, read for each composition, and none changes."""
    text = stream if isinstance(stream, str) else stream.read()
    key = (text, Loader.__name__)
    if key not in _parsed:
        _parsed[key] = _parse(text, Loader=Loader)
    return copy.deepcopy(_parsed[key])


def package():
    """The folder of the installed verl."""
    spec = find_spec("verl")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("verl is not installed in this interpreter")
    return Path(next(iter(spec.submodule_search_locations)))


def installed_version(folder):
    """verl's version, from its package or its own file."""
    try:
        return version("verl")
    except PackageNotFoundError:
        return (folder / "version" / "version").read_text().strip()


def packages():
    """Those of PACKAGES that are installed here, with their versions."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def classes(folder):
    """Class name -> (its bases, {field: annotation}), of verl's config classes, read without importing them."""
    found = {}
    for path in (file for part in CLASS_FOLDERS for file in sorted((folder / part).rglob("*.py"))):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                fields = {
                    item.target.id: ast.unparse(item.annotation)
                    for item in node.body
                    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
                }
                found[node.name] = ([ast.unparse(base).split(".")[-1] for base in node.bases], fields)
    return found


def fields_of(name, known):
    """All fields of a class with what it inherits, or None if it isn't known."""
    if name not in known:
        return None
    bases, fields = known[name]
    inherited = {}
    for base in reversed(bases):
        inherited.update(fields_of(base, known) or {})
    return {**inherited, **fields}


def registered(folder, decorator):
    """Names given to a decorator such as `@register_policy_loss("gspo")` in core_algos, and the enum's values."""
    tree = ast.parse((folder / "trainer" / "ppo" / "core_algos.py").read_text(encoding="utf-8"))
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for call in node.decorator_list:
                given = call.args if isinstance(call, ast.Call) and ast.unparse(call.func) == decorator else []
                names += [argument.value for argument in given[:1] if isinstance(argument, ast.Constant)]
        elif isinstance(node, ast.ClassDef) and node.name == "AdvantageEstimator" and decorator == "register_adv_est":
            names += [ast.literal_eval(item.value) for item in node.body if isinstance(item, ast.Assign)]
    return tuple(dict.fromkeys(names))


def schema(config, folder):
    """The keys of a composed config, with their types and defaults."""
    known, keys = classes(folder), {}

    def walk(node, prefix, fields):
        for name in node:
            key = f"{prefix}.{name}" if prefix else str(name)
            raw = node._get_node(name)
            if isinstance(raw, DictConfig) and not raw._is_none() and not raw._is_interpolation():
                target = raw._get_node("_target_") if "_target_" in raw else None
                fields_here = None if target is None else fields_of(str(target._value()).split(".")[-1], known)
                walk(raw, key, fields_here)
                keys[key] = {"types": "dict", "default": None, "closed": fields_here is not None}
            elif name != "_target_":
                value = raw._value()
                if isinstance(raw, ListConfig) and not raw._is_none() and not raw._is_interpolation():
                    value = OmegaConf.to_container(raw)
                keys[key] = {"types": (fields or {}).get(str(name)), "default": value}
        for name in set(fields or ()) - {str(n) for n in node}:
            if not name.startswith("_"):
                keys[f"{prefix}.{name}"] = {"types": fields[name], "default": None, "append": True}

    walk(config, "", None)
    choices = {
        **CHOICES,
        "actor_rollout_ref.actor.kl_loss_type": [name + end for name in KL_LOSS for end in ("", "+")],
        "algorithm.adv_estimator": registered(folder, "register_adv_est"),
        "actor_rollout_ref.actor.policy_loss.loss_mode": registered(folder, "register_policy_loss"),
    }
    for key, names in choices.items():
        if key in keys and names:
            keys[key]["choices"] = list(names)
    return keys


class Answerer:
    """Answers questions about one of verl's configs."""

    def __init__(self, name):
        self.name, self.folder = name, package()

    def composed(self, overrides):
        config = compose(self.name, overrides=overrides)
        OmegaConf.to_container(config, resolve=True)
        return config

    def schema(self, request):
        # `???` and interpolations stay as they are: what they stand for may not be known yet.
        return {
            "version": installed_version(self.folder),
            "packages": packages(),
            "keys": schema(compose(self.name), self.folder),
        }

    def compose(self, request):
        config = self.composed(request["overrides"])
        values = {key: OmegaConf.select(config, key, default=None) for key in request.get("keys", ())}
        plain = {k: OmegaConf.to_container(v) if OmegaConf.is_config(v) else v for k, v in values.items()}
        return {"values": plain}

    def validate(self, request):
        config = self.composed(request["overrides"])
        try:
            needs_critic = import_module("verl.trainer.ppo.utils").need_critic
            check = import_module("verl.utils.config").validate_config
        except ImportError as error:
            return {"validated": f"{type(error).__name__}: {error}"}
        try:
            check(
                config=config,
                use_reference_policy=config.algorithm.use_kl_in_reward or config.actor_rollout_ref.actor.use_kl_loss,
                use_critic=needs_critic(config),
            )
        except InstantiationException as error:
            if isinstance(error.__cause__, OSError):
                # It looks into the models' folders, which need not be on this machine.
                return {"validated": f"a model can't be read here: {error.__cause__}"}
            raise
        return {"validated": True}


def answer(answerer, line):
    """The answer to one line, or the error that it met."""
    request = json.loads(line)
    try:
        return getattr(answerer, request["ask"])(request)
    except (HydraException, OmegaConfBaseException, AssertionError, ValueError, TypeError) as error:
        cause = error.__cause__
        text = f"{error}" + (f" {cause}" if cause is not None and str(cause) not in str(error) else "")
        return {"error": text.strip() or type(error).__name__, "type": type(error).__name__}


def main():
    """Answers the lines of standard input, one each, until it ends."""
    name, folder = sys.argv[1], sys.argv[2]
    yaml.load = load_once
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what verl prints is no answer
    where = folder or str(package() / "trainer" / "config")
    with initialize_config_dir(os.path.abspath(where), version_base=None):
        answerer = Answerer(name.removesuffix(".yaml"))
        for line in sys.stdin:
            print(json.dumps(answer(answerer, line), default=str), file=out, flush=True)


if __name__ == "__main__":
    main()
