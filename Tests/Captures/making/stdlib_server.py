# SPDX-License-Identifier: Apache-2.0
"""Python's http.server: HTTP/1.0 with bodies until the connection closes, and uploads by PUT."""

import http.server
import json


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers everything with 200 and a short body without a length; logs what it answered."""

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        status = 404 if self.path.startswith("/missing") else 200
        self.send_response(status)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\nGET /body HTTP/1.1\r\n\r\n")
        entry = {"method": self.command, "target": self.path, "host": self.headers.get("Host", ""), "status": status}
        with open(self.server.log, "a") as file:
            file.write(json.dumps(entry) + "\n")

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PURGE = answer

    def log_message(self, *arguments):
        """The log is written by `answer`."""


def serve(address, log):
    """Serves until the process ends."""
    with http.server.ThreadingHTTPServer((address, 80), Handler) as server:
        server.log = log
        server.serve_forever()
