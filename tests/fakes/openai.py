"""An OpenAI-compatible server of a few lines: chat completions, as told.

Source: OpenAI API reference, ``POST /chat/completions`` (``choices[0].message.content``,
``finish_reason``; errors as ``{"error": {"message", "type", "code"}}``).
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import Answer, Drop, Heard

KEY, MODEL = "sk-teste", "modelo-de-teste"


def refusal(status: int, kind: str) -> Answer:
    """The server's no."""
    return Answer({"error": {"message": kind, "type": kind, "code": kind}}, status=status)


@dataclass
class FakeOpenAi:
    """``answers``: what the next calls are answered with; the last one stays.

    A text is the model's; an ``Answer`` goes back as it is; ``"<late>"`` never does, ``"<drop>"``
    drops the connection.
    """

    answers: list[str | Answer] = field(default_factory=lambda: ["NAO_SEI"])
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, heard: Heard) -> Answer:
        """Answers a call."""
        if heard.headers.get("authorization") != f"Bearer {KEY}":
            return refusal(401, "invalid_api_key")
        if (heard.method, heard.path) != ("POST", "/v1/chat/completions"):
            return refusal(404, "not_found")
        body = heard.json
        if body.get("model") != MODEL:
            return refusal(404, "model_not_found")
        self.asked.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Answer):
            return answer
        if answer == "<late>":
            await asyncio.Event().wait()
        if answer == "<drop>":
            raise Drop
        return completion(answer)

    @property
    def said(self) -> str:
        """Everything that ever left for the model, but for our own instructions."""
        return "\n".join(
            message["content"]
            for body in self.asked
            for message in body["messages"]
            if message["role"] == "user"
        )


def completion(content: str | None, finish_reason: str = "stop") -> Answer:
    """A completion as the API gives it."""
    message = {"role": "assistant", "content": content, "refusal": None}
    return Answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    )
