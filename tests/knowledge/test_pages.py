"""Documentation in Markdown becomes pages, and pages become passages that answer."""

import pytest

from desk.errors import Invalid
from desk.knowledge.markdown import read_markdown
from desk.knowledge.pages import Block, Page, Section
from desk.knowledge.passages import MOST_WORDS, anchor_of, cut_page

PAGE = """---
title: Esqueci minha senha
summary: Como pedir uma senha nova.
perguntas:
  - perdi a senha
  - seção: Pedir o link
    frases: ["não lembro minha senha", "como recupero o acesso?"]
---

Se você não lembra a senha, peça uma nova pelo portal: leva dois minutos e não muda mais nada.

## Pedir o link

1. Abra o **portal** e escolha *Esqueci minha senha*.
2. Digite seu e-mail
   e confirme.
   - Use o e-mail do cadastro.

Erro comum:

| Mensagem | O que fazer |
|---|---|
| `Usuário inválido` | Confira o e-mail |

### Não chegou

- Veja o lixo eletrônico.
- Espere dez minutos antes de pedir outro, porque o novo cancela o anterior.

```
suporte@acme.example
```
"""


def test_a_page_has_its_title_sections_and_the_questions_of_customers() -> None:
    page = read_markdown("acesso/esqueci", PAGE)
    assert (page.title, page.summary) == ("Esqueci minha senha", "Como pedir uma senha nova.")
    assert [section.headings for section in page.sections] == [
        (),
        ("Pedir o link",),
        ("Pedir o link", "Não chegou"),
    ]
    assert page.sections[0].phrasings == ("perdi a senha",)
    assert page.sections[1].phrasings == ("não lembro minha senha", "como recupero o acesso?")


def test_steps_stay_steps_tables_stay_rows_and_strong_words_stay_strong() -> None:
    section = read_markdown("acesso/esqueci", PAGE).sections[1]
    assert [block.kind for block in section.blocks] == ["steps", "text", "table"]
    assert section.blocks[0].text.splitlines() == [
        "1. Abra o *portal* e escolha Esqueci minha senha.",
        "2. Digite seu e-mail e confirme.",
        "   - Use o e-mail do cadastro.",
    ]
    assert section.blocks[2].text.splitlines()[1] == "Usuário inválido | Confira o e-mail"


def test_a_passage_carries_its_titles_and_the_anchor_of_its_heading() -> None:
    passage = cut_page(read_markdown("acesso/esqueci", PAGE))[2]
    assert passage.titles == ("Esqueci minha senha", "Pedir o link", "Não chegou")
    assert passage.anchor == anchor_of("Não chegou") == "nao-chegou"
    assert passage.searched.startswith("Esqueci minha senha › Pedir o link › Não chegou\n- Veja")


def test_a_page_without_front_matter_is_named_by_its_first_heading_or_its_file() -> None:
    assert read_markdown("a/b", "# Emitir nota\n\nClique em emitir.").title == "Emitir nota"
    assert read_markdown("a/emitir-nota", "Clique em emitir.").title == "emitir-nota"
    assert read_markdown("a/b", "").sections == ()


@pytest.mark.parametrize(
    ("front_matter", "words"),
    [
        ("title: [", "não é YAML"),
        ("só palavras", "nome: valor"),
        ("perguntas: uma só", "lista"),
        ("perguntas: [{seção: Não existe, frases: [oi]}]", "“nao existe”"),
    ],
)
def test_what_is_wrong_above_a_page_is_said_with_the_pages_name(
    front_matter: str, words: str
) -> None:
    with pytest.raises(Invalid, match=f"acesso/x: .*{words}"):
        read_markdown("acesso/x", f"---\n{front_matter}\n---\n## Seção\n\ntexto")


def test_a_front_matter_that_never_ends_is_refused() -> None:
    with pytest.raises(Invalid, match="não é YAML"):
        read_markdown("x", "---\ntitle: X\n\ntexto")


def a_page(*sections: Section) -> Page:
    return Page("p", "Página", "", sections)


def text(words: int, mark: str = "palavra") -> Block:
    return Block("text", (" ".join([mark] * words),))


def test_a_stub_joins_the_next_section() -> None:
    page = a_page(
        Section(("Antes",), (text(3, "curto"),), ("como?",)), Section(("Depois",), (text(20),))
    )
    (passage,) = cut_page(page)
    assert passage.titles == ("Página", "Depois")
    assert "curto" in passage.body
    assert passage.phrasings == ("como?",)


def test_a_stub_at_the_end_is_kept() -> None:
    page = a_page(Section(("A",), (text(20),)), Section(("B",), (text(2),)))
    assert [passage.titles[-1] for passage in cut_page(page)] == ["A", "B"]


def test_a_long_section_is_cut_between_blocks_and_a_long_list_between_its_lines() -> None:
    steps = Block("steps", tuple(f"passo {number} " + "x " * 60 for number in range(8)))
    passages = cut_page(a_page(Section(("Longo",), (text(150), text(120), steps), ("como?",))))
    assert all(len(passage.body.split()) <= MOST_WORDS + 8 for passage in passages)
    assert [passage.phrasings for passage in passages] == [("como?",)] + [()] * (len(passages) - 1)
    assert sum(passage.body.count("passo") for passage in passages) == 8


def test_one_sentence_that_never_ends_is_one_passage() -> None:
    assert len(cut_page(a_page(Section((), (text(900),))))) == 1
