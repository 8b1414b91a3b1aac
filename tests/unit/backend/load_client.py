"""Load on the served backend."""

import http.client
import threading


class LoadClient(threading.Thread):
    """Requests again and again, over kept or over new connections, until refused; given `stop`, until that is set."""

    def __init__(self, port, *, keep, stop=None):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self.keep, self.stop, self.answered, self.lost = keep, stop, 0, []

    def run(self):
        while not (self.stop and self.stop.is_set()):
            try:
                if self.connection.sock is None:
                    self.connection.connect()
            except ConnectionRefusedError:
                if self.stop:
                    continue
                return
            try:
                self.request()
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                return

    def request(self):
        self.connection.request("GET", "/version")
        answer = self.connection.getresponse()
        answer.read()
        self.lost += [] if answer.status == 200 else [answer.status]
        self.answered += 1
        if not self.keep:
            self.connection.close()
