"""Signs assertions for each algorithm with the example of docs/operations.md and newly generated keys.

Reads the example on standard input. Writes a line of JSON for each algorithm.
"""

import json
import os
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

example = sys.stdin.read()
os.chdir(tempfile.mkdtemp(dir=os.getcwd()))


def write(private, public):
    with open("portal-key.pem", "wb") as file:
        file.write(private)
    return public.decode()


def pair(key):
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return write(private, public)


def secret(length):
    secret = os.urandom(length).hex().encode()
    return write(secret, secret)


keys = {
    "ES256": lambda: pair(ec.generate_private_key(ec.SECP256R1())),
    "ES384": lambda: pair(ec.generate_private_key(ec.SECP384R1())),
    "EdDSA": lambda: pair(ed25519.Ed25519PrivateKey.generate()),
    "RS256": lambda: pair(rsa.generate_private_key(65537, 2048)),
    "PS256": lambda: pair(rsa.generate_private_key(65537, 2048)),
    "HS256": lambda: secret(32),
}
assert "ES256" in example
for algorithm, make in keys.items():
    key, assertion = make(), {}
    exec(example.replace("ES256", algorithm), assertion)
    other_key, forgery = make(), {}
    exec(example.replace("ES256", algorithm), forgery)
    tokens = [assertion["assertion"]("F&BAdmin") for _ in range(2)]
    forged = forgery["assertion"]("F&BAdmin")
    print(json.dumps({"algorithm": algorithm, "key": key, "tokens": tokens, "other_key": other_key, "forged": forged}))
