"""The way out of a workload, so that unmodified clients may call real host names: a proxy that ends TLS as Google does.

A client that is given ``https_proxy`` asks it to CONNECT to the host it means, and speaks TLS through it: it checks
the certificate, which a certificate authority of this test signed for exactly that host. What comes out of TLS goes
to a plain server of the test. A host that nobody serves is refused and remembered.
"""

import asyncio
import ssl
import threading
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey
OF_ITSELF = "iamcredentials.googleapis.com:443"  # google-auth looks there which regions an account may be used in


class Authority:
    """A certificate authority that lives as long as a test; ``file`` is what clients are told to trust."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "authority.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        certificate = _builder(self._name, self._name, self._key).add_extension(constraints, critical=True)
        self.file.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())))

    def context(self, host: str, protocol: str) -> ssl.SSLContext:
        """How a server that is ``host`` and speaks ``protocol`` (h2 or http/1.1) answers."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = _builder(name, self._name, key).add_extension(names, critical=False)
        file = self.folder / f"{host}.pem"
        file.write_bytes(_private(key) + _pem(certificate.sign(self._key, hashes.SHA256())))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        context.set_alpn_protocols([protocol])
        return context


class Internet:
    """The proxy. ``asked`` has the host and port of every connection that our clients wanted, in order."""

    def __init__(self, authority: Authority) -> None:
        self.asked: list[str] = []
        self._authority = authority
        self._hosts: dict[str, tuple[ssl.SSLContext, int]] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        server = self._do(asyncio.start_server(self._client, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def serve(self, host: str, port: int, *, protocol: str) -> None:
        """Whoever asks for ``host``:443 gets to the plain server at ``port`` of this machine."""
        self._hosts[f"{host}:443"] = self._authority.context(host, protocol), port

    def close(self) -> None:
        """Take no more connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):  # a client that hangs up is no news
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, address, _ = request.split(" ", 2)
            assert method == "CONNECT", request
            if address != OF_ITSELF:
                self.asked.append(address)
            if address not in self._hosts:
                writer.write(b"HTTP/1.1 502 nobody serves this host\r\nContent-Length: 0\r\n\r\n")
                return writer.close()
            context, port = self._hosts[address]
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.start_tls(context)
            near, far = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_copy(reader, far), _copy(near, writer))
        return None

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError, ssl.SSLError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


def _builder(subject: x509.Name, issuer: x509.Name, key: Key) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: Key) -> bytes:
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
