"""An issuer's web server with TLS on a loopback port, and certificates for it, right ones and wrong ones."""
import datetime as dt
import http.server
import ipaddress
import json
import ssl
import threading
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = dt.timedelta(days=1)


class Authority:
    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.path = folder / f"{name}.pem"
        own = self._certificate(self.name, self.key, (-DAY, 30 * DAY)).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.path.write_bytes(own.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _certificate(self, subject: x509.Name, key, valid: tuple[dt.timedelta, dt.timedelta]) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.timezone.utc)
        return x509.CertificateBuilder(self.name, subject, key.public_key(), x509.random_serial_number(),
                                       now + valid[0], now + valid[1])

    def issue(self, label: str, names: list[x509.GeneralName], valid=(-DAY, 30 * DAY)) -> str:
        """Path of a file with a certificate for these names and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, label)])
        signed = self._certificate(subject, key, valid).add_extension(x509.SubjectAlternativeName(names), critical=False)
        path = self.folder / f"{label}.pem"
        path.write_bytes(signed.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
                         + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()))
        return str(path)


LOOPBACK = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


class KeyServer:
    """Answers every request with the issuer's keys as a JWK Set; present() exchanges its certificate."""

    def __init__(self, issuer, certificate: str) -> None:
        keys = [{**json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key())), "kid": kid, "alg": algorithm,
                 "use": "sig"} for kid, (algorithm, key) in issuer.keys.items()]
        document = json.dumps({"keys": keys}).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", str(len(document)))
                self.end_headers()
                self.wfile.write(document)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # who does not trust the certificate hangs up

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"https://localhost:{self.server.server_port}/jwks"
        self.plain = self.server.socket
        self.present(certificate)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def present(self, certificate: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.get_request = lambda: self._accept(context)

    def _accept(self, context: ssl.SSLContext):
        connection, address = self.plain.accept()
        connection.settimeout(5)
        return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
