"""How the reading of a source went, in words."""

from handoff.i18n import N_, _

KINDS = {"site": N_("Site"), "folder": N_("Pasta")}
OUTCOMES = {
    "": N_("Ainda não lida"),
    "complete": N_("Completa"),
    "partial": N_("Em parte"),
    "failed": N_("Falhou"),
}
PROBLEMS = {
    "pages": N_("O site tem mais páginas do que o limite."),
    "time": N_("O tempo de uma leitura acabou; a próxima continua com o que mudou."),
    "errors": N_("Algumas páginas não responderam; o que já estava lido foi mantido."),
    "later": N_("O site pediu para voltar mais tarde."),
    "unreachable": N_("O site não responde."),
    "robots": N_("O robots.txt do site não permite a leitura."),
    "forbidden": N_("O endereço fica em uma rede privada, que não pode ser lida."),
    "refused": N_("O site recusou a leitura."),
    "gone": N_("A primeira página não existe."),
    "off_site": N_("O endereço leva a outro site: cadastre aquele."),
    "not_html": N_("A primeira página não é HTML."),
    "noindex": N_("O site pede para não ser indexado."),
    "too_large": N_("A primeira página é grande demais."),
    "unreadable": N_("A primeira página não pôde ser lida."),
    "no_pages": N_("Nenhuma página com texto foi encontrada."),
    "no_folder": N_("A pasta não existe neste servidor."),
}
ADDRESS_ERRORS = {
    "gone": N_("Não existe"),
    "robots": N_("O robots.txt não permite"),
    "refused": N_("Recusada"),
    "later": N_("Não respondeu a tempo"),
    "unreachable": N_("Sem resposta"),
    "forbidden": N_("Rede privada"),
    "too_large": N_("Grande demais"),
    "unreadable": N_("Não pôde ser lida"),
}


def problem_words(problem: str) -> str:
    """Why a reading is not complete; what has no words of its own is shown as it is."""
    return _(PROBLEMS[problem]) if problem in PROBLEMS else problem


def outcome_words(outcome: str, status: int | None) -> str:
    """Why an address could not be read."""
    words = _(ADDRESS_ERRORS[outcome]) if outcome in ADDRESS_ERRORS else outcome
    return f"{words} ({status})" if status else words
