"""Signs users of a single sign-on in to orgcache's page.

A proxy in front authenticates the user, sets `X-Remote-User` and `X-Forwarded-For`, and passes `/sso` to this
program. The program signs an assertion for the user, logs in with it, and hands the session's cookie to the
browser, which it sends on to the page. It believes `X-Remote-User`, so let nothing but the proxy reach it.

Run it with `python3 single_sign_on.py LISTEN ORGCACHE`, for example
`python3 single_sign_on.py 127.0.0.1:8081 http://127.0.0.1:8080`. It needs `assertion.py` beside it, and the key
`portal-key.pem` where it is run.
"""

import json
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from assertion import assertion

LISTEN, ORGCACHE = sys.argv[1:]


class SignOn(BaseHTTPRequestHandler):
    def do_GET(self):
        user = self.headers.get("X-Remote-User")
        if self.path.split("?")[0] != "/sso" or not user:
            self.send_error(404)
            return
        form = json.dumps({"assertion": assertion(user), "cookie": True}).encode()
        headers = {"content-type": "application/json"}
        if "X-Forwarded-For" in self.headers:
            headers["X-Forwarded-For"] = self.headers["X-Forwarded-For"]
        login = urllib.request.Request(ORGCACHE + "/v1/login/assertion", form, headers)
        try:
            with urllib.request.urlopen(login) as answer:
                cookies = answer.headers.get_all("set-cookie")
        except urllib.error.HTTPError as refusal:
            # 401: the ERP does not know the user, or has locked it.
            self.send_error(refusal.code)
            return
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Cache-Control", "no-store")
        for cookie in cookies:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()


host, _, port = LISTEN.rpartition(":")
server = ThreadingHTTPServer((host, int(port)), SignOn)
print(f"single sign-on listens on http://{host}:{server.server_port}/sso", flush=True)
server.serve_forever()
