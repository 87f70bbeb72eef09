"""The language model: a port, and any OpenAI-compatible server behind it."""

import logging
from typing import Protocol

from openai import AsyncOpenAI, OpenAIError

# The client's own logs of requests hold what customers ask.
for _name in ("openai", "httpx", "httpcore", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class ModelFailed(Exception):
    """The model gave no answer; the text is the kind of failure, never what was asked."""


class Model(Protocol):
    """What words an answer."""

    async def complete(self, instructions: str, content: str) -> str:
        """The model's answer; empty when it gave none.

        Raises:
            ModelFailed: it could not be asked.
        """

    async def close(self) -> None:
        """Closes what is open."""


class OpenAiModel:
    """A server that speaks OpenAI's chat completions, whoever runs it."""

    def __init__(self, base_url: str, api_key: str, model: str, timeout_seconds: float) -> None:
        self._model = model
        self._client = AsyncOpenAI(
            base_url=base_url, api_key=api_key, timeout=timeout_seconds, max_retries=0
        )

    async def complete(self, instructions: str, content: str) -> str:
        """See Model."""
        try:
            # No temperature and no bound of tokens: some models refuse the one or the other.
            answer = await self._client.chat.completions.create(
                model=self._model,
                messages=[
                    {"role": "system", "content": instructions},
                    {"role": "user", "content": content},
                ],
            )
            choice = answer.choices[0]
            reason, content = choice.finish_reason, choice.message.content or ""
        except (OpenAIError, ValueError, TypeError, LookupError, AttributeError) as error:
            # The last four: a server that answers in another form than the API's.
            raise ModelFailed(type(error).__name__) from None
        # Some servers leave the reason out.
        if str(reason) not in {"stop", "None"}:
            raise ModelFailed("cut off")
        return content

    async def close(self) -> None:
        """See Model."""
        await self._client.close()
