"""Hands a worker's weights to the rollout engine of `verl_cpu`."""

import os

import ray
from verl.workers.rollout.base import BaseRollout


class ServerAdapter(BaseRollout):
    server = None

    async def resume(self, tags):
        pass

    async def release(self):
        pass

    async def update_weights(self, weights, global_steps=None, wire_format="named_tensors", **_):
        if self.server is None:
            self.server = ray.get_actor(f"cpuhf_server_{int(os.environ['RANK'])}")
        plain = {name: tensor.detach().float().cpu().clone() for name, tensor in weights}
        await self.server.set_weights.remote(plain, global_steps)
