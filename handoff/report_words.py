"""The reports in words: their names, what each figure is, and how values are written."""

from collections.abc import Mapping
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal

from desk.reports.catalogue import Figure
from desk.reports.sums import Bar
from handoff.i18n import N_, Labels, _, current_locale

TITLES = Labels(
    {
        "services": N_("Atendimentos"),
        "status_time": N_("Tempo em cada status"),
        "first_response": N_("Primeira resposta"),
        "resolution": N_("Resolução"),
        "backlog": N_("Em aberto"),
        "reopening": N_("Reaberturas"),
        "transfers": N_("Transferências"),
        "containment": N_("Resolvidos pelo assistente"),
        "handoffs": N_("Pedidos de atendente"),
        "ratings": N_("Avaliações"),
        "sentiment": N_("Sentimento"),
    }
)
FIGURES = Labels(
    {
        "opened": N_("Abertos"),
        "reopened": N_("Reabertos"),
        "reopened_share": N_("Reabertos, em %"),
        "resolved": N_("Resolvidos"),
        "closed": N_("Fechados"),
        "ended": N_("Encerrados"),
        "active": N_("Em aberto no fim"),
        "open_time": N_("Aberto"),
        "in_service_time": N_("Em atendimento"),
        "waiting_time": N_("Aguardando"),
        "open_business": N_("Aberto, em horas úteis"),
        "in_service_business": N_("Em atendimento, em horas úteis"),
        "waiting_business": N_("Aguardando, em horas úteis"),
        "answered": N_("Respondidos"),
        "response_time": N_("Até a primeira resposta"),
        "response_business": N_("Até a primeira resposta, em horas úteis"),
        "resolution_time": N_("Da abertura ao fim"),
        "resolution_business": N_("Da abertura ao fim, em horas úteis"),
        "transferred": N_("Com transferência"),
        "transferred_share": N_("Com transferência, em %"),
        "transfers": N_("Transferências"),
        "transfers_each": N_("Transferências por atendimento"),
        "contained": N_("Só com o assistente"),
        "contained_share": N_("Só com o assistente, em %"),
        "handed_off": N_("Passados a pessoas"),
        "handoff_customer_asked": N_("O cliente pediu"),
        "handoff_not_understood": N_("O assistente não entendeu"),
        "handoff_bot_failed": N_("O assistente falhou"),
        "handoff_people_only": N_("Canal só de pessoas"),
        "handoff_team": N_("A equipe assumiu"),
        "handoff_other": N_("Outro motivo"),
        "rated": N_("Avaliados"),
        "score": N_("Nota média"),
        "rating_1": N_("Nota 1"),
        "rating_2": N_("Nota 2"),
        "rating_3": N_("Nota 3"),
        "rating_4": N_("Nota 4"),
        "rating_5": N_("Nota 5"),
        "mood_dissatisfied": N_("Insatisfeitos"),
        "mood_neutral": N_("Neutros"),
        "mood_satisfied": N_("Satisfeitos"),
        "mood_unknown": N_("Sem sentimento"),
        "dissatisfied_share": N_("Insatisfeitos, em %"),
    }
)
_HANDED_OFF = N_(
    "Atendimentos que passaram do assistente a uma fila ou pessoa no período, contados na primeira "
    "vez, por este motivo."
)
_RATED = N_("Atendimentos que receberam esta nota no período; de várias vale a última.")
_FELT = N_("Atendimentos encerrados no período, pelo último sentimento percebido nas mensagens.")
DEFINITIONS = Labels(
    {
        "opened": N_(
            "Atendimentos que começaram no período: uma conversa nova, ou uma encerrada que voltou "
            "a ficar ativa."
        ),
        "reopened": N_(
            "Atendimentos abertos no período em uma conversa que já tinha sido encerrada."
        ),
        "reopened_share": N_("Reabertos divididos por abertos."),
        "resolved": N_("Atendimentos encerrados no período com o status Resolvido."),
        "closed": N_("Atendimentos encerrados no período com o status Fechado."),
        "ended": N_("Atendimentos resolvidos ou fechados no período."),
        "active": N_("Atendimentos já abertos e ainda não encerrados quando o período acaba."),
        "open_time": N_(
            "Tempo médio no status Aberto, de relógio, dos atendimentos encerrados no período."
        ),
        "in_service_time": N_(
            "Tempo médio no status Em atendimento, de relógio, dos atendimentos encerrados no "
            "período."
        ),
        "waiting_time": N_(
            "Tempo médio no status Aguardando, de relógio, dos atendimentos encerrados no período."
        ),
        "open_business": N_(
            "Tempo médio no status Aberto dos atendimentos encerrados no período, só dentro do "
            "horário da fila em que estavam; sem fila, conta todo."
        ),
        "in_service_business": N_(
            "Tempo médio no status Em atendimento dos atendimentos encerrados no período, só "
            "dentro do horário da fila em que estavam; sem fila, conta todo."
        ),
        "waiting_business": N_(
            "Tempo médio no status Aguardando dos atendimentos encerrados no período, só dentro do "
            "horário da fila em que estavam; sem fila, conta todo."
        ),
        "answered": N_("Atendimentos que uma pessoa respondeu pela primeira vez no período."),
        "response_time": N_(
            "Média da espera do cliente até a primeira resposta de uma pessoa, dada no período."
        ),
        "response_business": N_(
            "Média da espera do cliente até a primeira resposta de uma pessoa, dada no período, só "
            "dentro do horário da fila."
        ),
        "resolution_time": N_(
            "Tempo médio da abertura ao fim dos atendimentos encerrados no período."
        ),
        "resolution_business": N_(
            "Tempo médio da abertura ao fim dos atendimentos encerrados no período, só dentro do "
            "horário da fila em que estavam; sem fila, conta todo."
        ),
        "transferred": N_(
            "Encerrados no período que passaram de uma pessoa a outra ou, depois da fila, a outra "
            "fila."
        ),
        "transferred_share": N_("Com transferência divididos por encerrados."),
        "transfers": N_("Quantas vezes os encerrados no período mudaram de mãos ou de fila."),
        "transfers_each": N_("Transferências divididas por encerrados."),
        "contained": N_("Encerrados no período sem passar por nenhuma pessoa ou fila."),
        "contained_share": N_("Só com o assistente divididos por encerrados."),
        "handed_off": N_(
            "Atendimentos que passaram do assistente a uma fila ou pessoa no período, contados na "
            "primeira vez."
        ),
        "handoff_customer_asked": _HANDED_OFF,
        "handoff_not_understood": _HANDED_OFF,
        "handoff_bot_failed": _HANDED_OFF,
        "handoff_people_only": _HANDED_OFF,
        "handoff_team": _HANDED_OFF,
        "handoff_other": _HANDED_OFF,
        "rated": N_("Atendimentos que receberam nota no período."),
        "score": N_("Média das notas dadas no período, de 1 a 5; de várias vale a última."),
        "rating_1": _RATED,
        "rating_2": _RATED,
        "rating_3": _RATED,
        "rating_4": _RATED,
        "rating_5": _RATED,
        "mood_dissatisfied": _FELT,
        "mood_neutral": _FELT,
        "mood_satisfied": _FELT,
        "mood_unknown": N_("Encerrados no período sem sentimento percebido."),
        "dissatisfied_share": N_("Insatisfeitos divididos por todos com sentimento percebido."),
    }
)
CUTS = Labels(
    {
        "day": N_("Dia"),
        "week": N_("Semana"),
        "month": N_("Mês"),
        "year": N_("Ano"),
        "weekday": N_("Dia da semana"),
        "hour": N_("Hora do dia"),
        "queue": N_("Fila"),
        "agent": N_("Atendente"),
        "channel": N_("Canal"),
        "type": N_("Tipo de solicitação"),
        "company": N_("Empresa"),
        "tag": N_("Etiqueta"),
    }
)
NONE = Labels(
    {
        "queue": N_("Sem fila"),
        "agent": N_("Sem atendente"),
        "channel": N_("Sem canal"),
        "type": N_("Sem tipo"),
        "company": N_("Sem empresa"),
        "tag": N_("Sem etiqueta"),
    }
)
_MONDAY = date(2024, 1, 1)


def bar_words(by: str, bar: Bar, names: Mapping[int, str], *, short: bool = False) -> str:
    """What a bar is called, below a chart in short."""
    locale = current_locale()
    if isinstance(bar, date):
        patterns = {"month": "MMM y", "year": "y"}
        if by in patterns:
            return str(format_date(bar, patterns[by], locale=locale))
        pattern = _("dd/MM") if short else _("dd/MM/y")
        return str(format_date(bar, pattern, locale=locale))
    if by == "weekday":
        day = date.fromordinal(_MONDAY.toordinal() + bar)
        return str(format_date(day, "EEE" if short else "EEEE", locale=locale))
    if by == "hour":
        return f"{bar:02d} h"
    if bar == 0:
        return NONE[by]
    return names.get(bar) or _("Removido ({number})").format(number=bar)


def value_words(figure: Figure, value: float | None) -> str:
    """A value as people read it."""
    if value is None:
        return "–"
    if figure.unit == "seconds":
        return time_words(value)
    if figure.unit == "count":
        return number_words(value, "#,##0")
    words = number_words(value, "#,##0.0" if figure.unit == "percent" else "#,##0.00")
    return f"{words} %" if figure.unit == "percent" else words


def number_words(value: float, pattern: str) -> str:
    """A number with the reader's comma or point."""
    return str(format_decimal(value, pattern, locale=current_locale()))


def time_words(seconds: float) -> str:
    """A time in the two largest units that say enough."""
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=f"{rest:02d}")
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=f"{rest:02d}")
    return _("{days} d {hours} h").format(days=hours // 24, hours=hours % 24)


def change_words(figure: Figure, now: float | None, before: float | None) -> str:
    """How a figure differs from the period before."""
    if now is None or before is None:
        return _("sem comparação")
    if figure.unit == "percent":
        return _("{points} pontos").format(points=number_words(now - before, "+0.0;-0.0"))
    if before == 0:
        return _("sem comparação") if now else _("igual")
    change = 100 * (now - before) / before
    return _("igual") if abs(change) < 0.05 else f"{number_words(change, '+#,##0.0;-#,##0.0')} %"
