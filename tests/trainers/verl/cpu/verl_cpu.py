"""Lets the real verl 0.9.1 train on a CPU: VERL_USE_EXTERNAL_MODULES=verl_cpu.

Only the platform and the rollout engine (`rollout.name=cpuhf`: transformers, seeded) are stand-ins. Needs
VERL_ENGINE_DEVICE=cuda (picks the FSDP engine), `+ray_kwargs.ray_init.num_gpus=1` (a GPU in Ray's books only),
`trainer.device=cpu` and `actor_rollout_ref.actor.strategy=fsdp2`.
"""

import contextlib
import sys
import types
import zlib
from importlib import import_module

import ray
import torch
import torch.distributed.fsdp as fsdp
from transformers import AutoModelForCausalLM
from transformers import AutoModelForTokenClassification as Critic
from verl.plugin.platform import PlatformBase, PlatformRegistry, set_platform

_ANSWERS = {
    "max_memory_allocated": 0,
    "max_memory_reserved": 0,
    "memory_allocated": 0,
    "memory_reserved": 0,
    "device_count": 1,
    "mem_get_info": (1 << 34, 1 << 34),
    "is_available": False,
    "get_device_name": "CPU",
}


class _Device(types.ModuleType):
    """What torch.cuda is elsewhere: everything succeeds and does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("get_rng_state", "set_rng_state"):
            return getattr(torch, name)
        if name == "current_device":
            return lambda *_: torch.device("cpu")
        return lambda *_, **__: _ANSWERS.get(name)


_device = _Device("cpu_device")


class _Cpu(PlatformBase):
    device_name = vendor_name = "cpu"
    device_module = _device

    def is_available(self):
        return False

    def is_platform_available(self, use_smi_check=False):
        return True

    def current_device(self):
        return torch.device("cpu")

    def device_count(self):
        return 1

    def set_device(self, index):
        pass

    def synchronize(self, index=None):
        pass

    def manual_seed(self, seed):
        torch.manual_seed(seed)

    manual_seed_all = manual_seed

    def set_allocator_settings(self, settings):
        pass

    def empty_cache(self):
        pass

    def get_device_capability(self, index=0):
        return None, None

    def communication_backend_name(self):
        return "gloo"

    def visible_devices_envvar(self):
        return "CUDA_VISIBLE_DEVICES"

    @contextlib.contextmanager
    def nvtx_range(self, message):
        yield

    def profiler_start(self):
        pass

    profiler_stop = profiler_start

    def ray_resource_name(self):
        return "GPU"

    def ray_resource_options(self, count):
        return {"num_gpus": count}

    def ray_noset_envvars(self):
        return []

    def is_ipc_supported(self):
        return False

    def cudart(self):
        return None


PlatformRegistry.register(platform="cpu")(_Cpu)
set_platform(_Cpu())

_init_group, _offload = torch.distributed.init_process_group, fsdp.CPUOffloadPolicy


def _init_process_group(*args, **options):
    if options.get("backend") == "cpu:gloo,cpu:gloo":
        options["backend"] = "gloo"
    return _init_group(*args, **options)


torch.distributed.init_process_group = _init_process_group
fsdp.CPUOffloadPolicy = lambda pin_memory=True: _offload(pin_memory=False)  # no pinned memory without an accelerator


def _replica():
    replica = import_module("verl.workers.rollout.replica")

    @ray.remote(num_cpus=0)
    class Server:
        def __init__(self, path, length, seed):
            torch.set_num_threads(1)
            self.model = AutoModelForCausalLM.from_pretrained(path, attn_implementation="eager").float().eval()
            self.end, self.length, self.seed, self.step, self.asked = (
                self.model.config.eos_token_id,
                length,
                seed,
                0,
                {},
            )

        async def wake_up(self, tags=None):
            pass

        async def sleep(self):
            pass

        async def clear_kv_cache(self):
            pass

        async def abort_all_requests(self, reject_request=False):
            pass

        async def resume_generation(self):
            pass

        async def set_weights(self, weights, step):
            self.model.load_state_dict(weights)
            self.step = step

        async def generate(self, request_id, prompt_ids, sampling_params, **_):
            return self._generate(list(prompt_ids), sampling_params.get("temperature", 1.0))

        @torch.no_grad()
        def _generate(self, ids, temperature):
            key = (self.step, tuple(ids))
            self.asked[key] = self.asked.get(key, -1) + 1
            seed = zlib.crc32(repr((self.seed, key, self.asked[key])).encode())
            generator, tokens, chances = torch.Generator().manual_seed(seed), [], []
            for _ in range(self.length):
                logits = self.model(torch.tensor([ids])).logits[0, -1].float()
                logs = torch.log_softmax(logits / (temperature or 1.0), -1)
                token = (
                    int(torch.multinomial(logs.exp(), 1, generator=generator)) if temperature else int(logs.argmax())
                )
                tokens.append(token)
                chances.append(float(logs[token]))
                ids.append(token)
                if token == self.end:
                    break
            return replica.TokenOutput(
                token_ids=tokens, log_probs=chances, stop_reason="completed", extra_fields={"global_steps": self.step}
            )

    class Replica(replica.RolloutReplica):
        async def launch_servers(self):
            name = f"cpuhf_server_{self.replica_rank}"
            arguments = (self.model_config.path, self.config.response_length, self.config.seed)
            server = Server.options(name=name).remote(*arguments)
            self.servers, self._server_handle, self._server_address = [server], server, f"cpuhf:{self.replica_rank}"

    return Replica


def _install():
    load = Critic.from_pretrained  # verl's critic asks for flash attention
    Critic.from_pretrained = lambda *args, **options: load(*args, **{**options, "attn_implementation": "sdpa"})
    import_module("verl.workers.rollout.base")._ROLLOUT_REGISTRY[("cpuhf", "async")] = "verl_cpu_adapter.ServerAdapter"
    import_module("verl.workers.rollout.replica").RolloutReplicaRegistry.register("cpuhf", _replica)


class _Late:
    """Registers the engine once verl's own modules can be imported: this one is loaded by `import verl` itself."""

    done = False

    def find_spec(self, name, path=None, target=None):
        if name in ("verl.trainer.main_ppo", "verl.workers.engine_workers", "verl.trainer.ppo.v1") and not self.done:
            self.done = True
            _install()


sys.meta_path.insert(0, _Late())
