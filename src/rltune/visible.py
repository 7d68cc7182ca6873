"""Text from outside as it may be shown: what moves a cursor, sets a colour or turns the reading order is written out.

Names of models and metrics, lines of logs and reasons come from files and programs of others. An escape sequence among
them could rewrite a terminal's lines or its title, a bidirectional override show one command and hide another, and a
lone surrogate can't even be encoded.
"""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but for tab and line end
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of text
    "\u200b\u2028\u2029\u2060-\u2064\ufeff\ufff9-\ufffb"  # breaks, joins and marks without a width
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e007f"  # tags: a second, unseen alphabet
    "]"
)


def visible(text: str) -> str:
    r"""The text with such characters as escapes, `\x1b` or `\u202e`; line ends and tabs stay."""
    return _UNSEEN.sub(_escape, text) if not text.isascii() or not text.isprintable() else text


def is_plain(text: str) -> bool:
    """Whether the text holds none of them."""
    return visible(text) == text


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"
