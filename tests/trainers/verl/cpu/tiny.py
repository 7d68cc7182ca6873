"""Makes a tiny Qwen2, its byte-level tokenizer and sums to train on: `python tiny.py FOLDER`, with verl's python."""

import random
import sys
from pathlib import Path

import pandas
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM


def make(folder):
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(alphabet)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|endoftext|>", eos_token="<|im_end|>")
    fast.chat_template = (
        "{% for m in messages %}{{'<|im_start|>'+m['role']+'\n'+m['content']+'<|im_end|>\n'}}{% endfor %}"
        "{% if add_generation_prompt %}{{'<|im_start|>assistant\n'}}{% endif %}"
    )
    fast.save_pretrained(folder / "tiny")
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=260,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=False,
        eos_token_id=258,
        pad_token_id=256,
        bos_token_id=None,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder / "tiny")
    draw = random.Random(0)
    for name, count in (("train", 64), ("test", 16)):
        pairs = [(draw.randint(0, 9), draw.randint(0, 9)) for _ in range(count)]
        rows = [
            {
                "data_source": "toy/add",
                "prompt": [{"role": "user", "content": f"{a}+{b}="}],
                "ability": "math",
                "reward_model": {"style": "rule", "ground_truth": str(a + b)},
                "extra_info": {"index": index, "split": name},
            }
            for index, (a, b) in enumerate(pairs)
        ]
        pandas.DataFrame(rows).to_parquet(folder / f"{name}.parquet")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
