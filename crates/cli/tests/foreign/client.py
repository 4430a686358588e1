"""A client of the simulator that shares nothing with this project but RFC 6455 and the venue's protocol.

Usage: client.py URL. It logs in, subscribes to a ticker, a book and its own orders, receives, checks that
the changes of the book follow each other, answers heartbeats, and prints what it got as JSON.
"""

import asyncio
import json
import sys

import websockets

BOOK = "book.BTC-PERPETUAL.100ms"
CHANNELS = ["ticker.BTC-PERPETUAL.raw", BOOK, "user.orders.any.any.raw"]
ENOUGH = 12


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.last_id = 0
        self.notifications = []

    async def receive(self):
        message = json.loads(await asyncio.wait_for(self.socket.recv(), 20))
        if message.get("method") == "subscription":
            self.notifications.append(message["params"])
        elif message.get("method") == "heartbeat" and message["params"]["type"] == "test_request":
            await self.send("public/test", {})
        return message

    async def send(self, method, params):
        self.last_id += 1
        request = {"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}
        await self.socket.send(json.dumps(request))
        return self.last_id

    async def call(self, method, params):
        wanted = await self.send(method, params)
        while True:
            message = await self.receive()
            if message.get("id") == wanted:
                return message["result"]


def follow_each_other(updates):
    """Whether each change is one of the state before it; changes a snapshot holds already are skipped."""
    state = None
    for update in updates:
        if update["type"] == "snapshot":
            state = update["change_id"]
        elif state is None:
            return False
        elif update["change_id"] > state:
            if update["prev_change_id"] != state:
                return False
            state = update["change_id"]
    return state is not None


async def main(url):
    async with websockets.connect(url) as socket:
        client = Client(socket)
        login = {
            "grant_type": "client_credentials",
            "client_id": "sim-client",
            "client_secret": "sim-secret-0001",
        }
        grant = await client.call("public/auth", login)
        await client.call("public/set_heartbeat", {"interval": 10})
        named = await client.call("private/subscribe", {"channels": CHANNELS})
        assert sorted(named) == sorted(CHANNELS), named
        order = {"instrument_name": "BTC-PERPETUAL", "amount": 10, "type": "market", "label": "foreign"}
        placed = await client.call("private/buy", order)
        assert placed["order"]["order_state"] == "filled", placed
        while True:
            books = [note["data"] for note in client.notifications if note["channel"] == BOOK]
            channels = {note["channel"] for note in client.notifications}
            if len(client.notifications) >= ENOUGH and len(books) >= 4 and channels == set(CHANNELS):
                break
            await client.receive()
        told = {
            "token_type": grant["token_type"],
            "received": len(client.notifications),
            "book_is_unbroken": follow_each_other(books),
        }
        print(json.dumps(told))


asyncio.run(main(sys.argv[1]))
