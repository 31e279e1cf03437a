"""Access tokens by the tests' own issuer and keys: right ones by default, wrong ones by a word."""
import time
import uuid
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://issuer.example"
AUDIENCE = "anze"


def write_signing_key(folder: Path, kid: str) -> None:
    """A private key as `anze keys create` leaves it: the program's own, for the JWKS and `anze token`."""
    folder.mkdir(parents=True, exist_ok=True)
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / f"{kid}.ES256.pem").write_bytes(private)


class Issuer:
    """Keys in a folder of <kid>.<alg>.pem files, as ANZE_TOKEN_ISSUERS wants them."""

    def __init__(self, folder: Path, name: str = ISSUER) -> None:
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.keys = {}
        self.add("test-1", "ES256")

    @property
    def setting(self) -> str:
        return f"{self.name}={self.folder}"

    def add(self, kid: str, algorithm: str) -> None:
        key = (ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256"
               else rsa.generate_private_key(public_exponent=65537, key_size=2048))
        self.keys[kid] = (algorithm, key)
        public = key.public_key().public_bytes(serialization.Encoding.PEM,
                                               serialization.PublicFormat.SubjectPublicKeyInfo)
        new = self.folder / f".{kid}.new"
        new.write_bytes(public)
        new.rename(self.folder / f"{kid}.{algorithm}.pem")

    def remove(self, kid: str) -> None:
        algorithm, _ = self.keys.pop(kid)
        (self.folder / f"{kid}.{algorithm}.pem").unlink()

    def mint(self, *, kid: str = "test-1", headers: dict | None = None, lifetime_s: int = 3600, **claims) -> str:
        """Claims given as None are left out."""
        algorithm, key = self.keys[kid]
        now = int(time.time())
        body = {"iss": self.name, "aud": AUDIENCE, "sub": "tester", "client_id": "tests", "iat": now, "nbf": now,
                "exp": now + lifetime_s, "jti": str(uuid.uuid4()), **claims}
        return jwt.encode({k: v for k, v in body.items() if v is not None}, key, algorithm=algorithm,
                          headers={"kid": kid, "typ": "at+jwt", **(headers or {})})
