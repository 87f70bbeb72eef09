"""Own tickets and nothing else: list, history, new ones, answers, files, ratings."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from desk.events.tables import Event
from desk.states import Status
from desk.tickets.tables import Ticket
from tests.handoff.portal.people import OFICINA, PADARIA, Person, a_company
from tests.handoff.serving import MAX_UPLOAD_BYTES, Served

NEW = "/portal/tickets/new"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
MEDIA = re.compile(r'(?:src|href)="(/media/[^"]+)"')
NUMBERS = re.compile(r'card__number">\s*#(20\d\d-\d{6})')


def words(**more: str) -> dict[str, str]:
    return {"subject": "Impressora parada", "description": "Não imprime.\nDesde ontem."} | more


def test_the_list_shows_own_tickets_the_active_first_by_pages_status_and_words(
    served: Served,
) -> None:
    with Person(served) as maria, Person(served) as joao:
        maria.enter()
        assert "Você ainda não tem chamados" in maria.get().text
        others = joao.ticket("Segredo do João")
        ended = maria.ticket("Nota fiscal 100%", Status.RESOLVED)
        active = [maria.ticket(f"Problema {each}") for each in range(22)]
        first = maria.get().text
        assert NUMBERS.findall(first) == active[:1:-1]
        more = re.search(r'href="(/portal\?[^"]*after=[^"]+)"', first)
        assert more is not None
        second = maria.get(more.group(1).replace("&amp;", "&")).text
        assert NUMBERS.findall(second) == [active[1], active[0], ended]
        assert "Mais antigos" not in second
        assert others not in first + second

        assert NUMBERS.findall(maria.get(status="ended").text) == [ended]
        assert NUMBERS.findall(maria.get(status="resolved").text) == [ended]
        assert NUMBERS.findall(maria.get(q="100%").text) == [ended]
        assert NUMBERS.findall(maria.get(q=f"#{active[3]}").text) == [active[3]]
        assert NUMBERS.findall(maria.get(q="segredo").text) == []
        assert "Nenhum chamado com esse filtro" in maria.get(status="closed").text
        for odd in ("x", "1-x", "9-1", "0-" + "9" * 30, "1-²"):
            assert maria.get(after=odd, status="?", q="\x00").status_code == 200


def test_anothers_ticket_is_not_there_whatever_is_done_to_it(served: Served) -> None:
    with Person(served) as maria, Person(served) as joao:
        maria.enter()
        joao.enter()
        number, own = maria.ticket("Segredo da Maria", Status.RESOLVED), joao.ticket()
        path = f"/portal/tickets/{number}"
        fields = {"csrf": joao.csrf(), "key": "k" * 32, "text": "oi"}
        answers = [
            joao.get(path),
            joao.send_raw(path, fields, [("a.txt", b"oi")]),
            joao.post(f"{path}/rating", score="1"),
            joao.get("/portal/tickets/2026-999999"),
            joao.get("/portal/tickets/%25"),
        ]
        assert [answer.status_code for answer in answers] == [404] * 5
        assert all("Segredo" not in answer.text for answer in answers)
        assert maria.actions(number) == []
        assert [ticket.status for ticket in maria.tickets()] == [Status.RESOLVED]
        assert joao.get(f"/portal/tickets/{own}").status_code == 200


def test_a_ticket_is_opened_with_all_that_the_form_says(served: Served) -> None:
    with Person(served, PADARIA, OFICINA) as maria:
        maria.enter()
        page = maria.get(NEW).text
        assert "Padaria Estrela LTDA" in page
        assert "Oficina Boa Vista ME" in page
        assert "Erro no sistema" in page
        assert "Projeto especial" not in page
        assert "Infraestrutura" not in page
        company = option(page, "Oficina Boa Vista ME")
        kind = option(page, "Financeiro")
        files = [
            ("foto.png", PNG),
            ("som.mp3", b"ID3\x03" + b"\0" * 60),
            ("<b>.pdf", b"%PDF-1.7\n"),
        ]
        answer = maria.send(NEW, files, **words(company=company, request_type=kind))
        (ticket,) = maria.tickets()
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/portal/tickets/{ticket.number}?ok=opened"
        page = maria.get(answer.headers["location"]).text
        for part in ("Chamado aberto.", "Aberto", "Impressora parada", "Oficina", "Financeiro"):
            assert part in page
        assert "Não imprime.\nDesde ontem." in page
        assert re.search(r'<img src="/media/[^"]+" alt="foto.png"', page)
        assert "<audio" in page
        assert "_b_.pdf" in page
        for address in set(MEDIA.findall(page)):
            assert maria.client.get(address).status_code == 200
        (_, event) = opened_events(served, ticket)
        assert event == {"media": 3}


def test_nothing_typed_is_lost_when_the_form_comes_back(served: Served) -> None:
    with Person(served, PADARIA, OFICINA) as maria:
        maria.enter()
        bad = [("ok.png", PNG), ("vazio.txt", b"")]
        text = "</textarea><script>alert(1)</script>"
        answer = maria.send(NEW, bad, subject="Meu “assunto”", description=text, request_type="2")
        assert answer.status_code == 400
        assert "Escolha a empresa." in answer.text
        assert "O arquivo “vazio.txt” está vazio (0 bytes)" in answer.text
        assert 'value="Meu “assunto”"' in answer.text
        assert "&lt;/textarea&gt;&lt;script&gt;" in answer.text
        assert re.search(r'value="2"\s+selected', answer.text)
        assert "ok.png" in answer.text
        assert maria.tickets() == []
        company = option(answer.text, "Padaria Estrela LTDA")
        again = maria.send_again(answer, NEW, [("mais.txt", b"oi")], **words(company=company))
        page = maria.get(again.headers["location"]).text
        assert "ok.png" in page
        assert "mais.txt" in page


def test_files_over_the_bound_are_named_in_words_and_the_rest_is_kept(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()
        small, large = ("foto.png", PNG), ("filme.mp4", b"x" * (MAX_UPLOAD_BYTES + 1))
        answer = maria.send(NEW, [small, large], **words())
        assert answer.status_code == 400
        assert "“filme.mp4” passa do limite" in answer.text
        huge = ("enorme.mp4", b"x" * (MAX_UPLOAD_BYTES * 3))
        for files in ([small, huge], [huge, small]):
            answer = maria.send(NEW, files, **words())
            assert answer.status_code == 400
            assert "por envio e não vieram todos" in answer.text
            assert "Não imprime.\nDesde ontem." in answer.text
        answer = maria.send(NEW, [(f"{each}.txt", b"oi") for each in range(12)], **words())
        assert "Envie no máximo 10 arquivos por vez" in answer.text
        assert "9.txt" in answer.text
        assert "10.txt" not in answer.text
        assert maria.tickets() == []
        assert maria.send_again(answer, NEW, **words()).status_code == 303


def test_sending_a_form_twice_opens_one_ticket(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()
        fields = {"csrf": maria.csrf(), "key": "a" * 32, **words()}
        files = [("foto.png", PNG), ("nota.txt", b"oi")]
        with ThreadPoolExecutor(4) as several:
            answers = list(several.map(lambda _: maria.send_raw(NEW, fields, files), range(4)))
        (ticket,) = maria.tickets()
        assert {answer.headers["location"] for answer in answers} == {
            f"/portal/tickets/{ticket.number}?ok=opened"
        }
        more = maria.send_raw(NEW, fields, [*files, ("mais.txt", b"mais")])
        assert f"Esta página já abriu o chamado #{ticket.number}" in more.text
        assert "mais.txt" in more.text
        other = maria.send_raw(NEW, fields | {"subject": "Outra coisa"}, files)
        assert other.status_code == 400
        assert f"Esta página já abriu o chamado #{ticket.number}" in other.text
        assert 'value="Outra coisa"' in other.text
        assert maria.send_again(other, NEW, **words(subject="Outra coisa")).status_code == 303
        assert len(maria.tickets()) == 2
        with Person(served) as joao:  # a key belongs to its contact
            joao.enter()
            joao.send_raw(NEW, fields | {"csrf": joao.csrf()})
            assert len(joao.tickets()) == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"subject": " \x00 "}, "Escreva o assunto"),
        ({"subject": "a" * 201}, "O assunto vai até 200 caracteres"),
        ({"description": ""}, "Conte o que aconteceu"),
        ({"description": "a" * 32_769}, "O texto vai até 32768 caracteres"),
        ({"request_type": "5"}, "Escolha um tipo da lista"),
        ({"request_type": "x"}, "Escolha um tipo da lista"),
        ({"request_type": "²"}, "Escolha um tipo da lista"),
        ({"company": "2"}, "Escolha a empresa."),
        ({"company": "x"}, "Escolha a empresa."),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    served: Served, wrong: dict[str, str], says: str
) -> None:
    with Person(served) as maria:
        maria.enter()
        answer = maria.send(NEW, **words(**wrong))
        assert answer.status_code == 400
        assert says in answer.text
        assert maria.tickets() == []


def test_a_body_that_is_no_form_is_refused(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()
        for content, kind in (
            (b"{}", "application/json"),
            (b"x", "multipart/form-data; boundary=y"),
        ):
            answer = maria.client.post(NEW, content=content, headers={"Content-Type": kind})
            assert answer.status_code in {400, 403}


def test_a_blocked_company_is_said_and_gets_no_new_ticket(served: Served) -> None:
    cnpj = "38119044000108"
    with Person(served, PADARIA) as _:
        a_company(served, cnpj, "Bloqueada SA")
    with Person(served, PADARIA, cnpj) as maria, Person(served, cnpj) as joao:
        maria.enter()
        joao.enter()
        blocked = option(maria.get(NEW).text, "Bloqueada SA")
        joao.send(NEW, **words())
        (ticket,) = joao.tickets()
        path = f"/portal/tickets/{ticket.number}"
        maria.block(cnpj)
        for person in (maria, joao):
            for page in (person.get().text, person.get(NEW).text):
                assert "<strong>Bloqueada SA</strong> está bloqueada" in page
        assert 'name="subject"' not in joao.get(NEW).text
        answer = maria.send(NEW, **words(company=blocked))
        assert answer.status_code == 400
        assert "Esta empresa está bloqueada" in answer.text
        fields = {"csrf": joao.csrf(), "key": "b" * 32}
        assert joao.send_raw(NEW, fields | words()).status_code == 400
        assert len(joao.tickets()) == 1
        assert maria.tickets() == []
        assert joao.send(path, text="ainda espero").status_code == 303
        set_status(served, ticket.number, "resolved")
        assert 'name="text"' not in joao.get(path).text
        assert joao.send_raw(path, fields | {"text": "reabra"}).status_code == 400
        assert [ticket.status for ticket in joao.tickets()] == [Status.RESOLVED]


def test_an_answer_reopens_as_the_table_of_states_says_and_is_posted_once(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()
        for before, after in (
            (Status.OPEN, Status.OPEN),
            (Status.WAITING, Status.IN_SERVICE),
            (Status.RESOLVED, Status.OPEN),
            (Status.CLOSED, Status.OPEN),
        ):
            number = maria.ticket(status=before)
            path = f"/portal/tickets/{number}"
            page = maria.get(path).text
            assert ("Enviar e reabrir" in page) == (before in {Status.RESOLVED, Status.CLOSED})
            fields = {"csrf": maria.csrf(), "key": "c" * 32, "text": "Voltou <b>"}
            for _ in range(2):
                answer = maria.send_raw(path, fields, [("tela.png", PNG)])
                assert answer.headers["location"] == f"{path}?ok=posted#end"
            assert maria.tickets()[-1].status is after
            (action,) = maria.actions(number)
            assert (action.text, action.author_kind, action.media_count) == (
                "Voltou <b>",
                "contact",
                1,
            )
            page = maria.get(path, ok="posted").text
            assert "Sua mensagem foi registrada" in page
            assert "Voltou &lt;b&gt;" in page
            assert 'alt="tela.png"' in page
            more = maria.send_raw(path, fields, [("outra.txt", b"oi")])
            assert "Esta página já enviou uma mensagem." in more.text
            assert "outra.txt" in more.text
            other = maria.send_raw(path, fields | {"text": "e mais isto"})
            assert other.status_code == 400
            assert "e mais isto" in other.text
            assert maria.send_again(other, path, text="e mais isto").status_code == 303
            assert len(maria.actions(number)) == 2


def test_an_answer_needs_words_or_a_file_and_keeps_both_when_something_is_wrong(
    served: Served,
) -> None:
    with Person(served) as maria:
        maria.enter()
        path = f"/portal/tickets/{maria.ticket()}"
        empty = maria.send(path, text="  ")
        assert empty.status_code == 400
        assert "Escreva uma mensagem ou anexe um arquivo." in empty.text
        bad = maria.send(path, [("ok.png", PNG), ("vazio.txt", b"")], text="veja")
        assert "“vazio.txt” está vazio" in bad.text
        assert ">\nveja</textarea>" in bad.text
        assert maria.send_again(bad, path).status_code == 303
        assert "ok.png" in maria.get(path).text


def test_files_of_another_cannot_be_taken_along(served: Served) -> None:
    with Person(served) as maria, Person(served) as joao:
        maria.enter()
        joao.enter()
        path = f"/portal/tickets/{joao.ticket()}"
        bad = maria.send(NEW, [("segredo.png", PNG)], subject="", description="x")
        (field, token) = re.search(r'name="(kept-\d+)" value="(\w+)"', bad.text).groups()  # type: ignore[union-attr]
        fields = {"csrf": joao.csrf(), "key": "d" * 32, "text": "oi", field: token}
        assert joao.send_raw(path, fields).status_code == 303
        assert "segredo.png" not in joao.get(path).text
        address = MEDIA.search(maria.get(maria_ticket(maria)).text)
        assert address is not None
        forged = re.sub(r"/media/(\d+)\.", r"/media/1\1.", address.group(1))
        assert joao.client.get(forged).status_code == 404


def test_the_history_tells_what_agents_did_under_the_teams_name_and_is_news_once(
    served: Served,
) -> None:
    with Person(served) as maria, served.team("ana@demo.ponte") as ana:
        maria.enter()
        number = maria.ticket()
        assert "Novidade" not in maria.get().text
        said = "Veja https://acme.example/ajuda?a=1&b=2 e <script>alert(1)</script>"
        assert ana.post(f"/tickets/{number}/actions", json={"text": said}).status_code < 300
        assert ana.post(f"/tickets/{number}/status", json={"status": "resolved"}).status_code < 300
        assert "Novidade" in maria.get().text
        page = maria.get(f"/portal/tickets/{number}").text
        assert "Nossa equipe" in page
        assert "Ana Atendente" not in page
        assert 'href="https://acme.example/ajuda?a=1&amp;b=2"' in page
        assert "<script>alert" not in page
        history = page[page.index('class="story"') :]
        labels = re.findall(r'class="status status--\w+">([^<]+)', history)
        assert labels == ["Em atendimento", "Resolvido"]
        assert "Novidade" not in maria.get().text


def test_an_ended_ticket_is_rated_and_rated_anew(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()
        number = maria.ticket(status=Status.RESOLVED)
        path = f"/portal/tickets/{number}"
        for score in ("", "0", "6", "x", "²", "1" * 9):
            answer = maria.post(f"{path}/rating", score=score, comment="guarde isto")
            assert answer.status_code == 400
            assert "Escolha uma nota de 1 a 5." in answer.text
            assert "guarde isto" in answer.text
        for score in ("2", "5"):
            answer = maria.post(f"{path}/rating", score=score, comment=f"nota {score}\x00 <i>")
            assert answer.headers["location"] == f"{path}?ok=rated"
        page = maria.get(path, ok="rated").text
        assert "Avaliação recebida." in page
        assert "<strong>5</strong> de 5 · Muito bom" in page
        assert "nota 5 &lt;i&gt;" in page
        assert maria.tickets()[0].status is Status.RESOLVED
        active = f"/portal/tickets/{maria.ticket()}"
        assert 'name="score"' not in maria.get(active).text
        answer = maria.post(f"{active}/rating", score="5")
        assert answer.status_code == 400
        assert maria.get(f"{path}/rating").headers["location"] == path


def test_pages_hold_no_inline_script_or_style(served: Served) -> None:
    with Person(served) as maria:
        maria.enter()
        number = maria.ticket(status=Status.RESOLVED)
        paths = ["/portal", NEW, "/portal/password", f"/portal/tickets/{number}"]
        for path in [*paths, "/portal/login", "/portal/forgot", "/portal/reset?token=x"]:
            answer = maria.get(path)
            assert "unsafe" not in answer.headers["content-security-policy"]
            assert answer.headers["cache-control"] == "no-store"
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text), path


def option(page: str, label: str) -> str:
    """The value of a choice."""
    match = re.search(rf'<option value="(\d+)"[^>]*>{re.escape(label)}<', page)
    assert match is not None, label
    return match.group(1)


def maria_ticket(person: Person) -> str:
    """A ticket with a picture."""
    answer = person.send(NEW, [("foto.png", PNG)], **words())
    return str(answer.headers["location"])


def set_status(served: Served, number: str, status: str) -> None:
    """The team changes a ticket."""
    with served.team("ana@demo.ponte") as ana:
        answer = ana.post(f"/tickets/{number}/status", json={"status": status})
        assert answer.status_code < 300, answer.text


def opened_events(served: Served, ticket: Ticket) -> tuple[str, dict[str, Any]]:
    """The event of a ticket's opening."""

    async def read() -> tuple[str, dict[str, Any]]:
        async with served.database.reading() as session:
            query = select(Event).where(Event.ticket_id == ticket.id, Event.kind == "ticket.opened")
            event = (await session.execute(query)).scalar_one()
            return event.kind, event.data

    return served.call(read())
