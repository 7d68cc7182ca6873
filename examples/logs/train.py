"""A plain GRPO training with TRL, as people write one: it takes a model of the embedded family, nothing else of rltune.

    python examples/logs/train.py > examples/logs/grpo.log

Two minutes on a CPU core. Its console output is the log that docs/tutorials/forecast-a-log.md reads.
"""

import argparse
import random
import tempfile

import torch
from datasets import Dataset
from transformers import PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer

from rltune.models.embedded import embedded_folder

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=120)
parser.add_argument("--learning_rate", type=float, default=8e-5)
args = parser.parse_args()
torch.set_num_threads(1)
draw = random.Random(0)
pairs = [(draw.randrange(100), draw.randrange(100)) for _ in range(2000)]
data = Dataset.from_list([{"prompt": f"{a}+{b}=", "answer": str(a + b)} for a, b in pairs])


def right(completions, answer, **_):
    return [float(said.strip() == known) for said, known in zip(completions, answer, strict=True)]


folder = embedded_folder("embedded/s")
trainer = GRPOTrainer(
    model=str(folder),
    processing_class=PreTrainedTokenizerFast.from_pretrained(folder),
    reward_funcs=right,
    train_dataset=data,
    args=GRPOConfig(
        output_dir=tempfile.mkdtemp(),
        max_steps=args.steps,
        learning_rate=args.learning_rate,
        lr_scheduler_type="constant",
        per_device_train_batch_size=128,
        num_generations=8,
        max_completion_length=5,
        beta=0.001,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        use_cpu=True,
    ),
)
trainer.train()
