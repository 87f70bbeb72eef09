"""What people type, before it is stored."""

import io
import zipfile

import pytest

from desk.contacts.email import parse_email
from desk.media.store import clean_name, sniff_mime
from desk.text import clean_text

OGG = b"OggS\x00\x02" + bytes(20)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("olá", "olá"),
        ("  olá \n", "olá"),
        ("a\x00b", "ab"),
        ("a\ud800b", "ab"),  # half of a character, as some phones send it
        ("linha\r\noutra\rmais", "linha\noutra\nmais"),
        ("tab\tfica", "tab\tfica"),
        ("\x1b[31mvermelho", "[31mvermelho"),
        ("👍🏽👨‍👩‍👧", "👍🏽👨‍👩‍👧"),
        ("\x00\x07 ", ""),
    ],
)
def test_text_is_stored_without_what_no_database_or_terminal_bears(text: str, stored: str) -> None:
    assert clean_text(text) == stored


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("maria@padariaestrela.com.br", "maria@padariaestrela.com.br"),
        ("Meu e-mail é Maria.Souza@PadariaEstrela.com.br.", "maria.souza@padariaestrela.com.br"),
        ("<maria@exemplo.com.br>", "maria@exemplo.com.br"),
        ("é maria+nota@exemplo.com.br, tá?", "maria+nota@exemplo.com.br"),
        ("mailto:maria@exemplo.com.br", "maria@exemplo.com.br"),
        ("errado@ mas certo@exemplo.com.br", "certo@exemplo.com.br"),
        ("*maria@exemplo.com.br*", "maria@exemplo.com.br"),
        ("josé@exemplo.com.br", "josé@exemplo.com.br"),
    ],
)
def test_an_address_is_found_in_a_sentence(text: str, address: str) -> None:
    assert parse_email(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "não tenho",
        "maria@",
        "@exemplo.com",
        "maria@padaria",
        "maria arroba exemplo ponto com",
        "a@@exemplo.com",
        "maria@exemplo..com",
        "@" * 3000,
        "a@" * 1500,
    ],
)
def test_what_is_no_address_gives_none(text: str) -> None:
    assert parse_email(text) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("nota.pdf", "nota.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\nota.pdf", "nota.pdf"),
        ('a"b<c>.png', "a_b_c_.png"),
        ("foto\u202egpj.exe", "foto_gpj.exe"),
        ("a\x00b\nc.txt", "a_b_c.txt"),
        ("meia\ud83dletra.txt", "meia_letra.txt"),
        ("", "arquivo"),
        ("..", "arquivo"),
        ("n" * 300 + ".pdf", "n" * 116 + ".pdf"),
    ],
)
def test_a_file_keeps_its_name_without_what_is_dangerous(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def a_word_document() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return content.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "mime"),
    [
        (b"<html><script>alert(1)</script></html>", "a.html", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", "text/plain"),
        (b"<?xml version='1.0'?><svg/>", "a.png", "text/plain"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "foto.html", "image/png"),
        (b"%PDF-1.7\n", "nota", "application/pdf"),
        (
            a_word_document(),
            "contrato.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("só texto, com acento".encode(), "a.bin", "text/plain"),
        (OGG + b"\x01\x1eOpusHead", "audio.ogg", "audio/ogg"),  # a voice, as phones send it
        (OGG + b"\x01\x1e\x01vorbis", "audio.oga", "audio/ogg"),
        (OGG + b"\x01\x2a\x80theora", "video.ogv", "video/ogg"),
        (b"\x00\x01\x02\xff\xfe", "a.txt", "application/octet-stream"),
    ],
)
def test_the_type_is_what_the_bytes_show_and_never_one_that_runs(
    data: bytes, name: str, mime: str
) -> None:
    assert sniff_mime(data, name) == mime
