"""A trainer of thirty lines: policy gradient on mental arithmetic. How many hundreds has 347 + 518? (8)

It knows nothing of rltune: it has a seed, a length for its schedule, a step to stop at, metrics and checkpoints.
"""

import argparse
import json
import math
from pathlib import Path

import torch

options = {"lr": float, "rollouts": int, "seed": int, "steps": int, "stop_at": int, "save_every": int}
parser = argparse.ArgumentParser()
for name in (*options, "model", "save_to", "metrics", "resume", "score"):
    parser.add_argument(f"--{name}", type=options.get(name, str))
args = parser.parse_args()
width = json.loads(Path(args.model, "config.json").read_text())["hidden_size"]  # of the model that it stands for
torch.manual_seed(args.seed)
sizes = [(2, width), (width, width), (width, 20)]
policy = torch.nn.Sequential(*[layer for a, b in sizes for layer in (torch.nn.Linear(a, b), torch.nn.ReLU())][:-1])
optimizer = torch.optim.Adam(policy.parameters())
step = 0
if args.resume:
    state = torch.load(args.resume)
    step = state["step"]
    policy.load_state_dict(state["policy"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["random"])  # prompts and answers go on where they stopped


def answer(prompts, answers, random=None):  # log-probabilities and rewards, each (answers, prompts)
    numbers = torch.randint(1000, (prompts, 2), generator=random)
    choice = torch.distributions.Categorical(logits=policy(numbers / 500 - 1))
    said = torch.multinomial(choice.probs, answers, replacement=True, generator=random).T
    return choice.log_prob(said), (said == numbers.sum(1) // 100).float()


def score(split):  # on prompts that its own random stream draws: training doesn't notice
    with torch.no_grad():
        return answer(500, 4, torch.Generator().manual_seed(len(split)))[1].mean().item()


while not args.score and step < args.stop_at:
    optimizer.param_groups[0]["lr"] = args.lr * (1 + math.cos(math.pi * step / args.steps)) / 2
    log_probability, reward = answer(64, args.rollouts)
    advantage = (reward - reward.mean(0)) / (reward.std(0) + 1e-4)
    optimizer.zero_grad()
    (-(advantage * log_probability).mean()).backward()
    optimizer.step()
    step += 1
    if step % args.save_every == 0:
        state = {"policy": policy.state_dict(), "optimizer": optimizer.state_dict(), "random": torch.get_rng_state()}
        torch.save({**state, "step": step}, f"{args.save_to}/step-{step}.pt")
    row = {"step": step, "mean_reward": reward.mean().item(), "lr": optimizer.param_groups[0]["lr"]}
    with open(args.metrics, "a") as metrics:
        print(json.dumps({**row, "accuracy": score("validation")}), file=metrics)
if args.score:
    print(json.dumps({"mean": score(args.score)}))
