#!/usr/bin/env python3
"""Runs a command with small HTTP/1.1 and HTTPS servers beside it, on loopback and ports that the kernel chooses.

    serve.py COMMAND [ARGUMENT]...

The command finds HTTP_URL and HTTPS_URL (like http://127.0.0.1:40123) and CA_FILE (the certificate to trust) in its
environment; the exit status is the command's. The servers answer GET and HEAD and keep connections open:

    /bytes/COUNT   so many bytes         /redirect/COUNT  so many redirects, then a body
    /status/CODE   an empty answer       /slow/MS         the answer comes late
    anything else  its own path and query, and a newline
"""
import asyncio
import os
import ssl
import subprocess
import sys
import tempfile

REASONS = {200: "OK", 302: "Found", 404: "Not Found", 500: "Internal Server Error"}


def response(status, body=b"", more=""):
    reason = REASONS.get(status, "Status")
    return f"HTTP/1.1 {status} {reason}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def answer(path):
    """The response to `path`, and the seconds to wait before."""
    parts = path.split("?")[0].split("/")
    kind, number = (parts[1], int(parts[2])) if len(parts) == 3 and parts[2].isdigit() else ("", 0)
    if kind == "bytes":
        return response(200, b"x" * number), 0
    if kind == "status":
        return response(number), 0
    if kind == "redirect" and number > 0:
        return response(302, more=f"Location: /redirect/{number - 1}\r\n"), 0
    return response(200, path.encode() + b"\n"), number / 1000 if kind == "slow" else 0


class Server(asyncio.Protocol):
    """One connection. Requests have no body, so an empty line ends each."""

    def connection_made(self, transport):
        self.transport = transport
        self.received = b""

    def data_received(self, data):
        self.received += data
        while b"\r\n\r\n" in self.received:
            head, self.received = self.received.split(b"\r\n\r\n", 1)
            method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
            reply, delay = answer(path)
            if method == "HEAD":
                reply = reply[: reply.index(b"\r\n\r\n") + 4]
            if delay:
                asyncio.get_running_loop().call_later(delay, self.transport.write, reply)
            else:
                self.transport.write(reply)


def make_certificate(folder):
    """A self-signed certificate for the loopback address; returns certificate and key file."""
    certificate, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
               "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return certificate, key


async def listen(tls=None):
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, ssl=tls, backlog=1024)
    return server.sockets[0].getsockname()[1]


async def run(command):
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = make_certificate(folder)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        environment = dict(os.environ, CA_FILE=certificate, HTTP_URL=f"http://127.0.0.1:{await listen()}",
                           HTTPS_URL=f"https://127.0.0.1:{await listen(tls)}")
        program = await asyncio.create_subprocess_exec(*command, env=environment)
        return await program.wait()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(run(sys.argv[1:])))
