"""Tables as spreadsheets write them."""

import pytest

from desk.companies.importing import REQUIRED, header_words
from desk.csv_tables import MAX_BYTES, MAX_LINES, csv_line, read_table
from desk.errors import Invalid, TooLarge

TABLE = "CNPJ;Razão Social\n11.222.333/0001-81;Padaria São João\n"
HEADERS = header_words()


def names(data: bytes) -> list[str]:
    return [line.values["name"] for line in read_table(data, HEADERS, REQUIRED).lines]


@pytest.mark.parametrize(
    "data",
    [
        TABLE.encode(),
        b"\xef\xbb\xbf" + TABLE.encode(),
        TABLE.encode("cp1252"),
        TABLE.encode("utf-16"),
        TABLE.replace(";", ",").encode(),
        TABLE.replace(";", "\t").encode(),
        TABLE.replace("\n", "\r\n").encode(),
        TABLE.replace("\n", "\r").encode(),
        b"sep=;\r\n" + TABLE.encode("cp1252"),
        TABLE.upper().replace("PADARIA SÃO JOÃO", "Padaria São João").encode(),
        ("\n" + TABLE).lstrip("\n").encode() + b";;\n\n",
        TABLE.replace("Padaria São João", '"Padaria\nSão  João"').encode(),
    ],
    ids=[
        "utf8",
        "bom",
        "latin",
        "utf16",
        "comma",
        "tab",
        "crlf",
        "cr",
        "excel",
        "upper",
        "empty-lines",
        "quoted",
    ],
)
def test_whatever_spreadsheets_write_is_read(data: bytes) -> None:
    assert names(data) == ["Padaria São João"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "vazio"),
        (b"CNPJ;Nome\n", "cabeçalho"),
        (b"Nome;Cidade\nx;y\n", "Falta a coluna “cnpj”"),
        (b"CNPJ;Nome;Empresa\n1;x;y\n", "Duas colunas"),
        (b'CNPJ;Nome\n1;"x\n', "aspas sem fim"),
        (b"PK\x03\x04rest", "Excel"),
        (b"CNPJ;Nome\n\x00;x\n", "não é um CSV"),
    ],
)
def test_what_is_no_such_table_is_said_in_words(data: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        read_table(data, HEADERS, REQUIRED)


def test_size_and_lines_are_bounded() -> None:
    for data in (b"x" * (MAX_BYTES + 1), b"CNPJ;Nome\n" + b"1;x\n" * (MAX_LINES + 1)):
        with pytest.raises(TooLarge):
            read_table(data, HEADERS, REQUIRED)


def test_no_cell_that_goes_out_is_a_formula_and_ours_come_back_as_they_were() -> None:
    assert csv_line(["=1+1", "@x", "-2", "ok", None]) == "'=1+1;'@x;'-2;ok;\r\n"
    assert names(b"CNPJ;Nome\n1;'=1+1\n") == ["=1+1"]
    assert names(b"CNPJ;Nome\n1;'Joia'\n") == ["'Joia'"]


def test_lines_are_counted_as_the_spreadsheet_counts_them() -> None:
    table = read_table(b"CNPJ;Nome\n1;x\n;\n2;y\n", HEADERS, REQUIRED)
    assert [line.number for line in table.lines] == [2, 4]
