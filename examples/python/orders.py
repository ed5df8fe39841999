"""A FastAPI view of the orders that a document of an organization may refer to.

Each tenant's organization tree is cached in memory and shared by all threads. It is loaded again only when its
revision has changed, so a request costs one comparison and a list of ids for the query.

Run it with `uvicorn orders:app`. Replace the two queries by those for your own tables.
"""

import sqlite3
from threading import Lock

from fastapi import FastAPI, HTTPException
from orgcache import OrgFlags, OrgStructure

app = FastAPI()
DATABASE = "orders.db"


class Trees:
    """The current tree of each tenant. A tree never changes: a request keeps the one that it began with."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._trees: dict[str, tuple[int, OrgStructure]] = {}

    def current(self, database: sqlite3.Connection, tenant: str) -> OrgStructure:
        # Read the revision before the rows, so that rows that change in between are read again next time.
        row = database.execute("SELECT revision FROM tenant WHERE id = ?", (tenant,)).fetchone()
        if row is None:
            raise HTTPException(404, f"unknown tenant `{tenant}`")
        (revision,) = row
        kept = self._trees.get(tenant)
        if kept is not None and kept[0] == revision:
            return kept[1]
        rows = database.execute(
            "SELECT id, parent_id, CASE is_legal_entity WHEN 1 THEN ? ELSE 0 END"
            " FROM organization WHERE tenant_id = ?",
            (int(OrgFlags.LEGAL_ENTITY), tenant),
        )
        tree = OrgStructure.build(rows)
        with self._lock:
            self._trees[tenant] = (revision, tree)
        return tree


trees = Trees()


@app.get("/{tenant}/orders")
def orders(tenant: str, org: str) -> dict[str, object]:
    """The orders that a document of `org` may refer to: those of its natural tree."""
    database = sqlite3.connect(DATABASE)
    try:
        tree = trees.current(database, tenant)
        if org not in tree:
            raise HTTPException(404, f"unknown organization `{org}`")
        related = tree.natural_tree(org)
        marks = ",".join("?" * len(related))
        found = database.execute(
            f"SELECT id, org_id FROM orders WHERE tenant_id = ? AND org_id IN ({marks}) ORDER BY id",
            (tenant, *related),
        )
        return {
            "legal_entity": tree.nearest(org, OrgFlags.LEGAL_ENTITY),
            "orders": [{"id": number, "org": owner} for number, owner in found],
        }
    finally:
        database.close()
