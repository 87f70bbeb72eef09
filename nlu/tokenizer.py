"""Tokenizer whose lemmas are chat written out."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from nlu.chat_text import words_of


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class ChatTokenizer(Tokenizer):
    """Splits a message into words and gives each the form in which it is meant.

    The lemma has no accents, no letters repeated for emphasis and no chat abbreviations.
    Only the first part of a long message is read.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Intent names are never split."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """The tokens of one attribute; at least one, so that features always have a row."""
        text = message.get(attribute)
        tokens = [Token(word.text, word.start, lemma=word.meant) for word in words_of(text)]
        return tokens or [Token(text[:1] or " ", 0, lemma="vazio")]
