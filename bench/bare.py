"""The baseline of `live.py`: insert one row, send it to every WebSocket, and nothing else.

Same Sanic, same database engine with the same durability, same driver as Ponte; no
sessions, no order, no ownership, no outbox.

`python -m bench.bare PORT DATABASE_URL`
"""

import sys
from contextlib import suppress
from typing import Any

from sanic import Request, Sanic, Websocket
from sanic.response import HTTPResponse, json
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert
from websockets.exceptions import ConnectionClosed

from desk.db import Database

MESSAGES = Table(
    "bare_messages",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", Text, nullable=False),
)


def create_bare_app(url: str) -> Sanic[Any, Any]:
    """A chat service reduced to what cannot be left out."""
    app = Sanic("ponte-bench-bare", configure_logging=False)
    app.config.update(AUTO_EXTEND=False, ACCESS_LOG=False)
    database = Database(url)
    listeners: set[Websocket] = set()

    @app.before_server_start
    async def make_table(app: Sanic[Any, Any]) -> None:
        async with database.transaction() as session:
            await (await session.connection()).run_sync(MESSAGES.metadata.create_all)

    @app.after_server_stop
    async def close(app: Sanic[Any, Any]) -> None:
        await database.close()

    @app.post("/messages")
    async def post(request: Request) -> HTTPResponse:
        text = request.json["text"]
        async with database.transaction() as session:
            inserted = insert(MESSAGES).values(text=text).returning(MESSAGES.c.id)
            number = (await session.execute(inserted)).scalar_one()
        for listener in tuple(listeners):
            with suppress(ConnectionClosed):
                await listener.send(text)
        return json({"id": number}, status=202)

    @app.websocket("/live")
    async def live(request: Request, ws: Websocket) -> None:
        listeners.add(ws)
        try:
            await ws.recv()
        finally:
            listeners.discard(ws)

    @app.get("/readyz")
    async def ready(request: Request) -> HTTPResponse:
        return json({"ready": True})

    return app


if __name__ == "__main__":
    create_bare_app(sys.argv[2]).run(
        host="127.0.0.1", port=int(sys.argv[1]), single_process=True, motd=False
    )
