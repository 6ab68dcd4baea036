# SPDX-License-Identifier: Apache-2.0
"""An application that Hypercorn serves by HTTP/1 on port 80 and by HTTP/1 or HTTP/2 in clear text on port 81."""

import json


class Application:
    """Answers as the path says, and writes a line of the log for each answer."""

    def __init__(self, log):
        self.log = log

    def write(self, scope, status):
        """Writes one line of the log."""
        headers = dict(scope["headers"])
        target = scope["raw_path"].decode() + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        entry = {"method": scope["method"], "target": target, "host": headers.get(b"host", b"").decode(), "status": status}
        with open(self.log, "a") as file:
            file.write(json.dumps(entry) + "\n")

    async def __call__(self, scope, receive, send):
        """One request of ASGI."""
        if scope["type"] == "lifespan":
            await receive()
            return await send({"type": "lifespan.startup.complete"})
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                break
            more = message.get("more_body", False)
        path = scope["path"]
        status = int(path.split("/")[2]) if path.startswith("/status/") else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]})
        if path.startswith("/parts"):
            for number in range(3):
                await send({"type": "http.response.body", "body": b"part %d\n" % number, "more_body": True})
        await send({"type": "http.response.body", "body": b"" if status == 204 else b"ok\n"})
        self.write(scope, status)


def serve(address, log):
    """Serves until the process ends."""
    import asyncio

    from hypercorn.asyncio import serve as run
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"{address}:80", f"{address}:81"]
    config.errorlog = None
    asyncio.run(run(Application(log), config, shutdown_trigger=asyncio.Event().wait))
