"""What the error codes of the WhatsApp Cloud API mean, to the team.

Source: WhatsApp Cloud API, error codes.
"""

from collections.abc import Mapping
from typing import Any

from desk.text import clean_text

# Too many requests, of whatever kind, and what passes by itself.
PASSING = frozenset(
    {1, 2, 4, 17, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004, 133016}
)
WINDOW_CLOSED = 131047

_REASONS = {
    10: "o token não dá permissão para enviar por este número",
    190: "o token de acesso não vale mais",
    200: "o token não dá permissão para enviar por este número",
    130472: "o WhatsApp não entrega mensagens de marketing a esta pessoa agora",
    130497: "a conta não pode enviar para o país desta pessoa",
    131005: "o token não dá permissão para enviar por este número",
    131021: "este é o próprio número da empresa",
    131026: "este número não recebe: não está no WhatsApp, ou o aplicativo é antigo demais",
    131030: "o número de teste só envia para os números cadastrados nele",
    131031: "a conta do WhatsApp está bloqueada",
    131042: "há um problema com o pagamento da conta do WhatsApp",
    131045: "o número da empresa não está registrado na API",
    WINDOW_CLOSED: "passaram mais de 24 horas desde a última mensagem da pessoa:"
    " só um modelo aprovado chega",
    131049: "o WhatsApp não entregou, para não cansar a pessoa com marketing",
    131050: "a pessoa não quer mensagens de marketing desta empresa",
    131051: "o WhatsApp não aceita este tipo de mensagem",
    131052: "o WhatsApp não conseguiu baixar o arquivo",
    131053: "o WhatsApp não aceita este arquivo",
    132000: "as variáveis não são tantas quantas o modelo tem",
    132001: "este modelo não existe neste idioma, ou não está aprovado",
    132005: "o texto do modelo ficou longo demais com as variáveis",
    132007: "o modelo viola as regras do WhatsApp",
    132012: "uma variável do modelo tem uma forma que o WhatsApp não aceita",
    132015: "o modelo está pausado por baixa qualidade",
    132016: "o modelo foi desativado por baixa qualidade",
    133010: "o número da empresa não está registrado na API",
}


def code_of(error: Mapping[str, Any]) -> int:
    """The error's number; 0 when there is none."""
    code = error.get("code")
    return code if isinstance(code, int) else 0


def reason_of(error: Mapping[str, Any]) -> str:
    """Why, in our words, else in WhatsApp's own."""
    if known := _REASONS.get(code_of(error)):
        return known
    details = error.get("error_data")
    said = details.get("details") if isinstance(details, dict) else ""
    words = clean_text(str(said or error.get("message") or error.get("title") or "sem motivo"))
    return f"o WhatsApp recusou: {words[:200]}"
