"""A visitor over HTTP, in one process with its own memory and no background tasks."""

import json


class Visit:
    def __init__(self, app, language="fr"):
        self.app, self.client = app, app.test_client()
        entered = self.client.post("/api/visitors", json={"language": language})
        assert entered.status_code == 201
        self.visitor, self.cat = entered.json["visitor"], entered.json["cat"]
        self.path = f"/api/visitors/{self.visitor}"

    def stream(self, after=None, last=None, page=None):
        query = {name: value for name, value in (("after", after), ("page", page)) if value is not None}
        headers = {} if last is None else {"Last-Event-ID": str(last)}
        return Stream(self.client.get(f"{self.path}/events", query_string=query, headers=headers))

    def seek(self, request="first"):
        return self.client.post(f"{self.path}/chat", json={"id": request})

    def say(self, text, message="m1", chat=None):
        body = {"id": message, "chat": chat or self.status()["chat"], "text": text}
        return self.client.post(f"{self.path}/messages", json=body)

    def status(self):
        return self.client.get(self.path).json


class Stream:
    def __init__(self, response):
        self.response = response
        self._chunks = iter(response.response)

    def read(self, chunks=1):
        """Return the events of the next chunks: their numbers, names and data."""
        return [event for _ in range(chunks) for event in parse(next(self._chunks))]

    def names(self, chunks=1):
        return [name for _, name, _ in self.read(chunks)]

    def data(self, chunks=1):
        return [data for _, _, data in self.read(chunks)]

    def ended(self):
        return next(self._chunks, None) is None

    def close(self):
        self.response.close()


def parse(chunk):
    blocks = [block.split("\n") for block in chunk.decode().split("\n\n") if block]
    fields = [dict(line.split(": ", 1) for line in block) for block in blocks]
    return [(int(f["id"]) if "id" in f else None, f["event"], json.loads(f["data"])) for f in fields if "event" in f]
