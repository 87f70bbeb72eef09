"""A documentation site over HTTP, with everything that sites do to those who crawl."""

import asyncio
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.fakes.http import Answer, Drop, Heard

FRAME = (
    "<!doctype html><html lang='pt-BR'><head><meta charset='utf-8'><title>{title} | Acme</title>"
    "{head}</head><body><header><nav><a href='/'>Acme</a></nav></header>"
    "<main>{main}</main><footer><p>© Acme, todos os direitos</p></footer></body></html>"
)
PASSWORD = """<h1>Esqueci minha senha</h1>
<h2 id="nova-senha">Pedir uma senha nova <a class="headerlink" href="#nova-senha">¶</a></h2>
<ol><li>Abra o portal e escolha <strong>Esqueci minha senha</strong>.</li>
<li>Digite seu e-mail e abra o link que chegar.</li></ol>
<p>Veja também <a href="boleto#pagar">boletos</a>.</p>"""
BILL = """<h1>Segunda via do boleto</h1><p>Abra <b>Faturas</b>, escolha o mês e clique em <b>Baixar
boleto</b>. O boleto vencido é atualizado na hora.</p><table><tr><th>Erro</th><th>Solução</th></tr>
<tr><td>E17</td><td>Espere o banco registrar</td></tr></table>"""
INVOICE = """<h1>Emitir uma nota fiscal</h1><p>Em <b>Vendas</b>, abra o pedido e clique em
<b>Emitir nota</b>. A nota autorizada vai por e-mail ao cliente."""


def page(title: str, main: str, head: str = "") -> bytes:
    """A whole document in the site's frame."""
    return FRAME.format(title=title, main=main, head=head).encode()


def html(
    title: str, main: str = "", *, head: str = "", status: int = 200, **headers: str
) -> Answer:
    """A page as it is answered."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = page(title, main or f"<h1>{title}</h1><p>Texto próprio de {title}.</p>", head)
    return Answer(body, status, {"Content-Type": "text/html; charset=utf-8"} | named)


def moved(location: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(b"", status, {"Location": location})


def text(body: str, kind: str = "text/plain") -> Answer:
    """A small file."""
    return Answer(body.encode(), headers={"Content-Type": kind})


def sitemap(*addresses: str, index: bool = False) -> bytes:
    """A sitemap, or an index of them."""
    outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
    entries = "".join(f"<{inner}><loc>{each}</loc></{inner}>" for each in addresses)
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0"?><{outer} xmlns="{space}">{entries}</{outer}>'.encode()


def packed(data: bytes) -> Answer:
    """A file that is itself gzip."""
    return Answer(gzip.compress(data), headers={"Content-Type": "application/gzip"})


@dataclass
class FakeSite:
    """``pages``: answers by path; a list is used up one by one, its last answer stays.

    ``asked``: what was fetched, in order. ``etags``: paths that answer 304 to their ETag.
    Paths in ``held`` wait for ``hold``, once ``reached`` is set; ``calendar``: pages without end
    below it.
    """

    pages: dict[str, Answer | list[Answer | str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    etags: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    calendar: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    async def __call__(self, heard: Heard) -> Answer:
        """Answers."""
        query = "&".join(f"{name}={value}" for name, value in heard.query.items())
        path = f"{heard.path}?{query}" if query else heard.path
        self.asked.append(path)
        self.agents.add(heard.headers.get("user-agent", ""))
        if path in self.held:
            self.reached.set()
            await self.hold.wait()
        etag = self.etags.get(path)
        if etag and heard.headers.get("if-none-match") == etag:
            return Answer(b"", 304)
        if self.calendar and heard.path.startswith(self.calendar):
            day = next(self._numbers)
            links = f"<a href='{self.calendar}/{day}'>dia</a> <a href='?d={day}'>dia</a>"
            return html("Agenda", f"<h1>Agenda</h1><p>Nada marcado. {links}</p>")
        planned = self.pages.get(path, html("Não há", status=404))
        answers = planned if isinstance(planned, list) else [planned]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, str):
            raise Drop
        headers = {"ETag": etag} if etag else {}
        return Answer(answer.content, answer.status, answer.headers | headers, answer.cut_after)


def documentation() -> dict[str, Answer | list[Answer | str]]:
    """A small site: its first page links to three."""
    first = """<h1>Ajuda</h1><p>Escolha: <a href="/docs/senha">senha</a>,
    <a href="/docs/boleto?utm_source=menu">boleto</a>, <a href="./nota#topo">nota</a>.</p>"""
    return {
        "/docs/": html("Ajuda", first),
        "/docs/senha": html("Senha", PASSWORD),
        "/docs/boleto": html("Boleto", BILL),
        "/docs/nota": html("Nota", INVOICE),
    }
