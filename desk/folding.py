"""Text compared without case and accents inside the database, on SQLite and PostgreSQL alike."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_ACCENTED = "áàâãäåéèêëíìîïóòôõöúùûüçñýÿ"
_PLAIN = "aaaaaaeeeeiiiiooooouuuucnyy"


class folded(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """``folded(column)``: lower case without accents, as ``desk.text.fold`` does it."""

    type = String()
    inherit_cache = True


@compiles(folded)
def _folded(element: FunctionElement[str], compiler: SQLCompiler, **kw: Any) -> str:
    # SQLite's own lower() knows ASCII only; `fold` is put there by desk.sqlite.
    return f"fold({compiler.process(element.clauses, **kw)})"


@compiles(folded, "postgresql")
def _folded_postgresql(element: FunctionElement[str], compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"translate(lower({column}), '{_ACCENTED}', '{_PLAIN}')"


def contains(column: SQLColumnExpression[Any], folded_words: str) -> ColumnElement[bool]:
    """Whether a column holds these words somewhere; they are folded already."""
    escaped = folded_words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return folded(column).like(f"%{escaped}%", escape="\\")
