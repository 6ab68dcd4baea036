# SPDX-License-Identifier: Apache-2.0
"""gRPC by grpcio: a server that ends each call as its path says, and clients of all four kinds of call."""

import json
import threading
import time

LARGE = [("grpc.max_metadata_size", 65536)]


def seen(lab):
    """Where clients write the status with which each call ended for them."""
    return f"{lab.folder}/grpc-seen.log"


def note(path, code):
    """Writes how a call ended for its client."""
    with open(path, "a") as file:
        file.write(code.name + "\n")


class Handlers:
    """Methods `/shop.KIND/CODE`: unary, streaming either way or both, ended with that status.

    Loaded with grpcio only in the child that uses it: its threads do not survive a fork.
    """

    def __init__(self, grpc, log):
        self.grpc = grpc
        self.log = log
        self.lock = threading.Lock()
        self.codes = {code.value[0]: code for code in grpc.StatusCode}

    def write(self, path, authority, **entry):
        """Writes one line of the log."""
        entry = {"method": "POST", "target": path, "host": authority} | entry
        with self.lock, open(self.log, "a") as file:
            file.write(json.dumps(entry) + "\n")

    def service(self, details):
        """The handler of a call; nil for a method that is not served."""
        grpc, path = self.grpc, details.method
        _, service, method = path.split("/")
        kind = service.removeprefix("shop.")

        def end(context):
            code = int(method)
            self.write(path, self.authority, status=200, failed=code != 0, grpc=self.codes[code].name)
            if kind == "Only":
                context.abort(self.codes[code], "no")
            context.set_code(self.codes[code])
            if code:
                context.set_details(f"code {code}, \u00e4")

        def unary(_request, context):
            context.set_trailing_metadata((("x-large", "y" * (9000 if kind == "Large" else 3)),))
            end(context)
            return b"answer"

        def stream(_request, context):
            for number in range(3):
                yield b"part %d" % number
            end(context)

        def watch(_request, context):
            context.add_callback(lambda: self.write(path, self.authority, status=None, unsettled=200))
            yield b"first"
            time.sleep(20)

        def slow(_request, context):
            context.add_callback(lambda: self.write(path, self.authority, status=None))
            time.sleep(2)
            return b""

        makers = {
            "Unary": grpc.unary_unary_rpc_method_handler, "Large": grpc.unary_unary_rpc_method_handler,
            "Only": grpc.unary_unary_rpc_method_handler, "Slow": grpc.unary_unary_rpc_method_handler,
            "Server": grpc.unary_stream_rpc_method_handler, "Watch": grpc.unary_stream_rpc_method_handler,
            "Client": grpc.stream_unary_rpc_method_handler, "Both": grpc.stream_stream_rpc_method_handler,
        }
        behaviours = {"Server": stream, "Both": stream, "Watch": watch, "Slow": slow}
        if kind not in makers:
            self.write(path, self.authority, status=200, failed=True, grpc="UNIMPLEMENTED")
            return None
        behaviour = behaviours.get(kind, unary)

        def read_all(requests, context):
            for _ in requests:
                pass
            return behaviour(None, context)

        if kind == "Client":
            return makers[kind](read_all)
        if kind == "Both":
            def both(requests, context):
                for _ in requests:
                    pass
                yield from behaviour(None, context)
            return makers[kind](both)
        return makers[kind](behaviour)


def serve(address, log):
    """Serves until the process ends."""
    from concurrent import futures

    import grpc

    handlers = Handlers(grpc, log)
    handlers.authority = f"{address}:50051"

    class Generic(grpc.GenericRpcHandler):
        """What grpcio asks for the handler of a call."""

        def service(self, details):
            return handlers.service(details)

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8), options=LARGE)
    server.add_generic_rpc_handlers((Generic(),))
    server.add_insecure_port(f"{address}:50051")
    server.start()
    server.wait_for_termination()


def together(to, address, paths, connections=1, size=7):
    """Makes calls at once, on some connections in turn."""
    import grpc

    options = [*LARGE, ("grpc.use_local_subchannel_pool", 1)]
    channels = [grpc.insecure_channel(f"{address}:50051", options=options) for _ in range(connections)]
    for channel in channels:
        grpc.channel_ready_future(channel).result(timeout=10)
    pending = [channels[place % connections].unary_unary(path).future(b"r" * size) for place, path in enumerate(paths)]
    for call in pending:
        note(to, call.code())
    time.sleep(0.3)
    for channel in channels:
        channel.close()


def abandon(to, address, paths):
    """Cancels each call half a second after its request."""
    import grpc

    with grpc.insecure_channel(f"{address}:50051", options=LARGE) as channel:
        for path in paths:
            call = channel.unary_unary(path).future(b"request", wait_for_ready=True)
            time.sleep(0.5)
            call.cancel()
            note(to, call.code())
        time.sleep(0.3)


def calls(to, address, paths, kind="Unary", metadata=(), cancel=False, timeout=None, proxy=None, compression=None,
          request=b"request"):
    """Makes calls one after the other on one connection; their failures are what they are made for.

    `proxy` is one that they are sent to instead; how each ended is written to `to`.
    """
    import grpc

    options = [*LARGE, ("grpc.default_authority", f"{address}:50051")]
    with grpc.insecure_channel(proxy or f"{address}:50051", options=options) as channel:
        makers = {
            "Server": channel.unary_stream, "Watch": channel.unary_stream, "Client": channel.stream_unary,
            "Both": channel.stream_stream,
        }
        for path in paths:
            call = makers.get(kind, channel.unary_unary)(path)
            message = iter([b"one", b"two"]) if kind in ("Client", "Both") else request
            try:
                options = {"metadata": metadata, "wait_for_ready": True, "timeout": timeout, "compression": compression}
                if kind not in ("Server", "Both", "Watch"):
                    call(message, **options)
                    note(to, grpc.StatusCode.OK)
                    continue
                answer = call(message, **options)
                if cancel:
                    next(answer)
                    answer.cancel()
                else:
                    list(answer)
                note(to, answer.code())
            except grpc.RpcError as error:
                note(to, error.code())
        time.sleep(0.3)
