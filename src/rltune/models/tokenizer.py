"""The character tokenizer of the embedded family."""

from __future__ import annotations

from transformers import PreTrainedTokenizerBase, Qwen2Tokenizer

PAD, BOS, EOS, UNK = "<pad>", "<s>", "</s>", "<unk>"
CHARACTERS = "0123456789+-*/=()., :;?!#abcdefghijklmnopqrstuvwxyz"
CONTEXT = 64

# Byte-level tokenizers write a space as this letter.
_SPACE = "Ġ"


def build_tokenizer() -> Qwen2Tokenizer:
    """One token a character, four special tokens, left padding.

    It is Qwen2's own tokenizer with a vocabulary of single characters and no merges, since `AutoTokenizer` makes a
    Qwen2Tokenizer for every Qwen2 model, whatever class its folder names: another class with splitting rules of its
    own would be loaded with Qwen2's, and lose them. No token is added to a prompt on its own: a text tokenized in
    pieces (prompt, then completion) gives the same tokens as the whole.

    Characters that are not in the vocabulary (capitals, other scripts) are left out without a word.
    """
    tokens = [PAD, BOS, EOS, UNK, *CHARACTERS.replace(" ", _SPACE)]
    return Qwen2Tokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=[],
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        unk_token=UNK,
        padding_side="left",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def token_id(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    """The id of one token of the vocabulary, such as PAD; KeyError if it has none."""
    return tokenizer.get_vocab()[token]
