"""What is said right after the news of a ticket."""

import pytest

from nlu.news_answers import answers_news


@pytest.mark.parametrize(
    ("text", "intent", "confidence"),
    [
        ("já troquei o cabo e nada", "nlu_fallback", 0.3),
        ("sim", "affirm", 0.9),
        ("ainda não", "deny", 0.9),
        ("o erro continua igual, a impressora não liga", "open_ticket", 0.9),
        ("o cnpj da filial é 90.410.023/0002-48", "inform_cnpj", 0.9),
        ("responder", "post_action", 0.6),
        ("oi, fiz o que vocês pediram e agora funciona", "greet", 0.7),
        ("obrigado, mas ainda falta liberar o segundo caixa", "thanks", 0.8),
        ("segue o print", "send_media", 0.9),
        ("a nota", "menu_option", 0.3),
        ("já troquei e continua igual", "complaint", 0.9),
    ],
)
def test_plain_words_are_an_answer(text: str, intent: str, confidence: float) -> None:
    assert answers_news(text, intent, confidence)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("oi", "greet"),
        ("2", "menu_option"),
        ("menu", "show_menu"),
        ("sair", "goodbye"),
        ("obrigada!", "thanks"),
        ("quero falar com uma pessoa", "talk_to_human"),
        ("quero abrir outro chamado", "open_ticket"),
        ("esqueci minha senha", "recover_access"),
        ("status do 123", "check_status"),
        ("/send_media", "send_media"),
        ("", "nlu_fallback"),
    ],
)
def test_what_has_a_meaning_of_its_own_keeps_it(text: str, intent: str) -> None:
    assert not answers_news(text, intent, 0.9)
