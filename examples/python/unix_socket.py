"""Asks orgcache over a Unix socket, with nothing but Python's library.

Run it with `python3 unix_socket.py SOCKET USER PASSWORD`: it logs in and prints the session.
"""

import http.client
import json
import socket
import sys


class UnixConnection(http.client.HTTPConnection):
    """A connection to a socket in place of a host. It is kept open from one request to the next."""

    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def ask(self, method, path, token=None, form=None):
        """The answer as JSON; an exception with the reason if it is a refusal."""
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self.request(method, path, None if form is None else json.dumps(form), headers)
        answer = self.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None


if __name__ == "__main__":
    path, user, password = sys.argv[1:]
    orgcache = UnixConnection(path)
    token = orgcache.ask("POST", "/v1/login", form={"user": user, "password": password})["token"]
    print(json.dumps(orgcache.ask("GET", "/v1/session", token)))
    orgcache.ask("POST", "/v1/logout", token)
