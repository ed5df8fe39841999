"""Acts as a browser behind a proxy: signs in with a password and, if a port is given, by single sign-on.

`through_proxy.py URL CERTIFICATE USER PASSWORD [PROVIDER_PORT]`. It also plays the identity provider towards the
proxy: it authenticates the user by a cookie, as oauth2-proxy does.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

url, certificate, user, password, *provider_port = sys.argv[1:]


class Provider(BaseHTTPRequestHandler):
    def do_GET(self):
        knows = "provider=knows" in self.headers.get("cookie", "")
        if self.path == "/oauth2/auth":
            self.send_response(202 if knows else 401)
            if knows:
                self.send_header("X-Auth-Request-Preferred-Username", user)
        else:
            assert self.path == "/oauth2/start?rd=/sso", self.path
            self.send_response(302)
            self.send_header("Set-Cookie", "provider=knows; Path=/; Secure; HttpOnly")
            self.send_header("Location", "/sso")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def browser():
    browser = requests.Session()
    browser.verify = certificate
    browser.trust_env = False
    return browser


def is_signed_in(browser):
    assert "__Host-orgcache_session" in browser.cookies, browser.cookies
    session = browser.get(url + "/v1/session")
    assert session.status_code == 200 and session.json()["username"] == user, session.text


by_password = browser()
form = {"user": user, "password": password, "cookie": True}
answer = by_password.post(url + "/v1/login", json=form)
assert answer.status_code == 200, answer.text
assert answer.headers["strict-transport-security"], answer.headers
is_signed_in(by_password)
# The proxy replaces a forged address with the browser's own.
spoofed = browser()
spoofed.headers["X-Forwarded-For"] = "203.0.113.9"
assert spoofed.post(url + "/v1/login", json=form).status_code == 200
listed = spoofed.get(url + "/v1/admin/sessions").json()["sessions"]
assert {session["address"] for session in listed} == {"127.0.0.1"}, listed
for internal in ["/metrics", "/healthz", "/readyz"]:
    assert by_password.get(url + internal).status_code == 404, internal

for port in provider_port:
    provider = ThreadingHTTPServer(("127.0.0.1", int(port)), Provider)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    single = browser()
    # The proxy ignores the header if the browser sends it.
    page = single.get(url + "/sso", headers={"X-Remote-User": "Openbravo"})
    assert page.status_code == 200 and page.url == url + "/", (page.status_code, page.url, page.text)
    is_signed_in(single)
print(answer.headers["x-request-id"])
