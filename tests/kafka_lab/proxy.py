"""A TCP proxy in front of a node, to cut, hold, slow and reset its connections from a test.

    with TcpProxy() as proxy, LocalKafka(advertised=[proxy.address]) as kafka:
        proxy.forward_to(kafka.nodes[0].client_address)
        proxy.hold()

The node must advertise the proxy's address, or clients walk round it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self

from tests.kafka_lab.ports import free_port

BLOCK_BYTES = 65_536
BLOCKS_UNDER_WAY = 256  # per direction: bounds the memory of a held or slowed connection
CLOSE_BY_RESET = struct.pack("ii", 1, 0)

Blocks = asyncio.Queue[tuple[float, bytes]]  # when it is due, what; no bytes: the end


class TcpProxy:
    """Forwards every connection to one address until told otherwise; an order is done when its method returns."""

    def __init__(self) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        self._target: tuple[str, int] | None = None
        self._refusing = False
        self._lag_secs = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="tcp-proxy", daemon=True)
        self._started: Future[asyncio.AbstractEventLoop] = Future()

    def forward_to(self, address: str) -> None:
        """Say where connections go, `host:port`; until then they are refused."""
        host, port = address.rsplit(":", 1)
        self._target = (host, int(port))

    def cut(self) -> None:
        """Reset every connection and refuse new ones, as a node that is gone."""

        def cut() -> None:
            self._refusing = True
            self._reset_all()

        self._order(cut)

    def hold(self) -> None:
        """Accept and keep connections but let no byte through, as a network that swallows packets (half-open)."""
        self._order(self._flowing.clear)

    def lag(self, delay_ms: float) -> None:
        """Deliver what comes from now on this much later, in each direction; 0 ends it."""
        self._lag_secs = delay_ms / 1000

    def reset(self) -> None:
        """Reset every connection there is, once; new ones are welcome."""
        self._order(self._reset_all)

    def restore(self) -> None:
        """Forward again, without delay; what was held goes on."""

        def restore() -> None:
            self._refusing = False
            self._lag_secs = 0.0
            self._flowing.set()

        self._order(restore)

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._order(self._stopping.set)
        self._thread.join(10)

    def _order(self, act: Callable[[], None]) -> None:
        async def carry_out() -> None:
            act()

        asyncio.run_coroutine_threadsafe(carry_out(), self._started.result()).result(10)

    def _reset_all(self) -> None:
        for writer in self._writers:
            _reset(writer)

    async def _serve(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._stopping = asyncio.Event()
        host, port = self.address.split(":")
        try:
            server = await asyncio.start_server(self._connect, host, int(port))
        except OSError as error:
            self._started.set_exception(error)
            return
        self._started.set_result(asyncio.get_running_loop())
        await self._stopping.wait()
        server.close()
        self._reset_all()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing or not self._target:
            return _reset(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            return _reset(writer)
        self._writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as tasks:
                for source, sink in ((reader, far_writer), (far_reader, writer)):
                    blocks = Blocks(BLOCKS_UNDER_WAY)
                    tasks.create_task(self._receive(source, blocks))
                    tasks.create_task(self._deliver(blocks, sink))
        except* OSError:
            pass  # one side is gone, so is the other
        finally:
            self._writers -= {writer, far_writer}
            writer.close()
            far_writer.close()

    async def _receive(self, reader: asyncio.StreamReader, blocks: Blocks) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(BLOCK_BYTES):
            await blocks.put((loop.time() + self._lag_secs, data))
        await blocks.put((loop.time() + self._lag_secs, b""))

    async def _deliver(self, blocks: Blocks, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await blocks.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._flowing.wait()
            if not data:
                return writer.close()
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    if not writer.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_BY_RESET)
        writer.transport.abort()
