"""A guide: what leads to it, what is asked and checked, and the steps that may help.

Support people write guides in YAML, in Portuguese; the aliases are the words that they use.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from desk.text import clean_text

MOST_STEPS = 20


class Question(StrEnum):
    """What may be asked before the first step."""

    HAPPENS = "o_que_acontece"
    MESSAGE = "mensagem"
    TRIED = "tentativas"
    BROWSER = "navegador"


class Check(StrEnum):
    """What is looked up before the first step."""

    ACCOUNT = "conta"
    PORTAL = "portal"


def _text(value: object) -> object:
    if not isinstance(value, str):
        return value
    # A blank line would split the reply into several messages.
    return "\n".join(line.strip() for line in clean_text(value).splitlines() if line.strip())


Words = Annotated[str, BeforeValidator(_text), Field(min_length=3, max_length=900)]
Phrase = Annotated[str, BeforeValidator(_text), Field(min_length=3, max_length=200)]


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Step(_Written):
    """One thing to try. ``page``: where the documentation shows it, with its ``#section``."""

    text: Words = Field(alias="texto")
    page: str = Field(default="", alias="pagina", max_length=300)


class AccountSteps(_Written):
    """What to try first, by the state of the customer's account."""

    locked: Words | None = Field(default=None, alias="bloqueada")
    expired: Words | None = Field(default=None, alias="senha_vencida")
    provisional: Words | None = Field(default=None, alias="senha_provisoria")
    none: Words | None = Field(default=None, alias="sem_acesso")

    def step_for(self, state: str) -> Step | None:
        """The first step for an account in this state."""
        words = getattr(self, state, None)
        return Step(texto=words) if words else None


class Guide(_Written):
    """A guide as it was written; its slug is the name of its file."""

    slug: str
    title: Phrase = Field(alias="titulo")
    request_type: str = Field(default="", alias="tipo", max_length=120)
    triggers: tuple[Phrase, ...] = Field(alias="gatilhos", min_length=3, max_length=200)
    other_matters: tuple[Phrase, ...] = Field(default=(), alias="outros_assuntos", max_length=200)
    questions: tuple[Question, ...] = Field(default=(Question.HAPPENS,), alias="perguntas")
    checks: frozenset[Check] = Field(default=frozenset(), alias="verificar")
    account: AccountSteps = Field(default=AccountSteps(), alias="conta")
    basic: tuple[Step, ...] = Field(default=(), alias="solucoes_basicas", max_length=MOST_STEPS)
    detailed: tuple[Step, ...] = Field(alias="passo_a_passo", min_length=1, max_length=MOST_STEPS)
    closing: Phrase = Field(alias="conclusao")

    def steps_for(self, account_state: str) -> tuple[Step, ...]:
        """All steps in the order in which they are tried, for an account in this state."""
        first = self.account.step_for(account_state)
        return (*([first] if first else []), *self.basic, *self.detailed)
