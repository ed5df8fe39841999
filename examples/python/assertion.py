"""Signs an assertion that logs a user in: `pip install pyjwt cryptography`."""

import time
import uuid

import jwt

with open("portal-key.pem", "rb") as file:
    KEY = file.read()


def assertion(user):
    now = int(time.time())
    claims = {
        "iss": "https://portal.example.org",
        "aud": "orgcache",
        "sub": user,
        "iat": now,
        "exp": now + 30,
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, KEY, algorithm="ES256")
