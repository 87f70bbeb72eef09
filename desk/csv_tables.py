"""Tables in CSV files: read whatever spreadsheets write, line by line, with clear errors.

UTF-8 with or without its mark, Windows-1252; commas, semicolons or tabs; quoted line breaks.
Headers are found in Portuguese or English, without regard to case and accents.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import ValidationError

from desk.errors import Invalid, TooLarge
from desk.text import clean_text, fold

MAX_BYTES = 5 * 1024 * 1024
MAX_LINES = 20_000
MAX_FIELD_CHARS = 10_000
_DELIMITERS = ";,\t|"
_YES = frozenset({"sim", "s", "yes", "y", "true", "verdadeiro", "1", "x", "bloqueada", "bloqueado"})
_NO = frozenset({"nao", "n", "no", "false", "falso", "0", "ativa", "ativo"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Action = Literal["create", "change", "skip", "error"]


@dataclass(frozen=True)
class Line:
    """One line of the table. ``number`` counts as spreadsheets do: the header is line 1."""

    number: int
    values: dict[str, str]


@dataclass(frozen=True)
class Table:
    """What a file holds. ``columns``: header as written → our field, empty when ignored."""

    lines: list[Line]
    columns: dict[str, str]


@dataclass(frozen=True)
class Plan:
    """What one line would do; with ``action`` error, which field is wrong and why."""

    line: Line
    action: Action
    label: str
    values: Any = None
    row: Any = None
    field: str = ""
    error: str = ""

    @classmethod
    def wrong(cls, line: Line, label: str, field: str, error: str) -> Self:
        """A line that cannot be taken."""
        return cls(line, "error", label, field=field, error=error)


def read_table(data: bytes, headers: Mapping[str, str], required: Sequence[str]) -> Table:
    """The lines of a CSV file; empty ones are left out.

    Args:
        data: the file's bytes.
        headers: folded header → our field.
        required: fields that must have a column.

    Raises:
        TooLarge: more bytes or lines than the bounds.
        Invalid: it is no table, or a required column is missing.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(
            "csv", "O arquivo passa do limite de {value} MB.", value=MAX_BYTES // 1024**2
        )
    rows = _rows(_decode(data))
    header = [cell.strip() for cell in rows[0]] if rows else []
    if not any(header):
        raise Invalid("csv", "O arquivo está vazio.")
    columns = {name: headers.get(fold(name), "") for name in header if name}
    found = [field for field in columns.values() if field]
    if twice := sorted({name for name in found if found.count(name) > 1}):
        raise Invalid(
            "csv", "Duas colunas dizem a mesma coisa ({value}). Deixe uma só.", value=twice[0]
        )
    if missing := [name for name in required if name not in found]:
        names = " e ".join(_example(name, headers) for name in missing)
        read = ", ".join(f"“{name[:40]}”" for name in header if name)
        raise Invalid(
            "csv",
            "Falta a coluna {names}. A primeira linha tem: {value}.",
            names=names,
            value=read[:300],
        )
    lines = [_line(number, header, columns, row) for number, row in enumerate(rows[1:], 2)]
    lines = [line for line in lines if any(line.values.values())]
    if len(lines) > MAX_LINES:
        raise TooLarge(
            "csv",
            "São {value} linhas; o limite é {limit}. Divida o arquivo.",
            value=len(lines),
            limit=MAX_LINES,
        )
    if not lines:
        raise Invalid("csv", "O arquivo só tem o cabeçalho: não há o que importar.")
    return Table(lines, columns)


def yes_or_no(text: str) -> bool | None:
    """What a cell says; None when it says neither."""
    word = fold(text)
    return True if word in _YES else False if word in _NO else None


def first_error(error: ValidationError) -> tuple[str, str]:
    """Which field of a shape is wrong, and why."""
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "string_too_long":
        return field, f"O texto passa de {first['ctx']['max_length']} caracteres."
    return field, first["msg"].removeprefix("Value error, ")


def safe_cell(value: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_line(values: Sequence[object]) -> str:
    """One line of a CSV file for spreadsheets in Brazil, formulas made harmless."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(map(safe_cell, values))
    return out.getvalue()


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif data.startswith(b"PK\x03\x04"):
        raise Invalid("csv", "Isto é uma planilha do Excel. Salve como CSV e envie de novo.")
    else:
        encoding = "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if "\x00" in text:
        raise Invalid("csv", "O arquivo não é um CSV: salve a planilha como CSV.")
    return text


def _rows(text: str) -> list[list[str]]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text[:4].lower() == "sep=":  # Excel's own first line
        text = text.partition("\n")[2]
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=lambda sign: (head.count(sign), -_DELIMITERS.index(sign)))
    csv.field_size_limit(MAX_BYTES)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True):
            rows.append(row)
            if len(rows) > MAX_LINES * 2:
                raise TooLarge(
                    "csv", "O arquivo passa de {limit} linhas. Divida-o.", limit=MAX_LINES
                )
    except csv.Error as error:
        line = len(rows) + 1
        raise Invalid(
            "csv", "A linha {line} não pôde ser lida: há aspas sem fim.", line=line
        ) from error
    return rows


def _line(number: int, header: list[str], columns: dict[str, str], row: list[str]) -> Line:
    values: dict[str, str] = {}
    for name, cell in zip(header, row, strict=False):
        if field := columns.get(name, ""):
            text = " ".join(clean_text(cell[:MAX_FIELD_CHARS]).split())
            # Our own exports mark cells that a spreadsheet might take for a formula.
            values[field] = text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text
    return Line(number, values)


def _example(field: str, headers: Mapping[str, str]) -> str:
    return "“" + next(word for word, name in headers.items() if name == field) + "”"
