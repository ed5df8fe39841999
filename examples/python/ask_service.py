"""Asks the service about an order: may it use its country's price list, and who accounts for it?

Run it with `python3 ask_service.py http://127.0.0.1:8080 'F&BAdmin' orgcache`, on the demonstration. It needs
nothing but Python's own library.
"""

import json
import sys
import urllib.error
import urllib.request

SERVICE, USER, PASSWORD = sys.argv[1:]
STORE, COUNTRY = "7BABA5FF80494CAFA54DEBD22EC46F01", "2E60544D37534C0B89E765FE29BC0B43"


def call(method, path, token=None, body=None):
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(SERVICE + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=40) as answer:
            return json.load(answer) if answer.status != 204 else None
    except urllib.error.HTTPError as refusal:
        problem = json.load(refusal)
        sys.exit(f"{problem['status']} {problem.get('detail', problem['title'])} ({problem['request_id']})")


token = call("POST", "/v1/login", body={"user": USER, "password": PASSWORD})["token"]
batch = {
    "questions": [
        {"call": "may_reference", "args": {"org": STORE, "referenced_org": COUNTRY}},
        {"call": "legal_entity", "args": {"org": STORE}},
    ]
}
for answer in call("POST", "/v1/questions/batch", token, batch)["answers"]:
    print(answer["result"] if "result" in answer else answer["error"]["message"])
print(len(call("GET", "/v1/session/sql-filter", token)["ids"]), "organizations to read from")
call("POST", "/v1/logout", token)
