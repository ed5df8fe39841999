"""The examples of the documents, run unchanged."""

import importlib.util
import re
import sqlite3
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).parents[2]
EXAMPLE = PACKAGE.parents[1] / "examples" / "python" / "orders.py"


class Documents(unittest.TestCase):
    def test_the_programs_of_the_readme_run(self) -> None:
        programs = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(), re.DOTALL)
        self.assertTrue(programs)
        for program in programs:
            exec(compile(program, "README.md", "exec"), {})


@unittest.skipUnless(importlib.util.find_spec("fastapi"), "FastAPI is not installed for this interpreter")
class Orders(unittest.TestCase):
    def setUp(self) -> None:
        sys.path.insert(0, str(EXAMPLE.parent))
        self.addCleanup(sys.path.remove, str(EXAMPLE.parent))
        import orders

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        orders.DATABASE = str(Path(folder.name) / "orders.db")
        orders.trees = orders.Trees()
        self.orders = orders
        self.database = sqlite3.connect(orders.DATABASE)
        self.addCleanup(self.database.close)
        self.database.executescript(
            """
            CREATE TABLE tenant (id TEXT, revision INTEGER);
            CREATE TABLE organization (tenant_id TEXT, id TEXT, parent_id TEXT, is_legal_entity INTEGER);
            CREATE TABLE orders (tenant_id TEXT, id INTEGER, org_id TEXT);
            INSERT INTO tenant VALUES ('T', 1), ('other', 1);
            INSERT INTO organization VALUES ('T', '0', NULL, 0), ('T', 'Spain', '0', 1), ('T', 'Madrid', 'Spain', 0), ('T', 'USA', '0', 1);
            INSERT INTO organization VALUES ('other', '0', NULL, 0);
            INSERT INTO orders VALUES ('T', 1, 'Madrid'), ('T', 2, 'USA'), ('T', 3, '0'), ('other', 4, '0'), ('other', 5, 'Madrid');
            """
        )

    def ask(self, tenant: str, org: str) -> object:
        from fastapi import HTTPException

        try:
            answer: Any = self.orders.orders(tenant, org)
        except HTTPException as refusal:
            return refusal.status_code
        return [order["id"] for order in answer["orders"]]

    def test_a_tenant_sees_its_own_related_orders(self) -> None:
        self.assertEqual(self.ask("T", "Spain"), [1, 3])
        self.assertEqual(self.ask("T", "USA"), [2, 3])
        self.assertEqual(self.ask("T", "0"), [1, 2, 3])
        self.assertEqual(self.ask("other", "0"), [4])
        self.assertEqual(self.ask("other", "Madrid"), 404)
        self.assertEqual(self.ask("nowhere", "0"), 404)

    def test_a_changed_tree_is_read_when_its_revision_changes(self) -> None:
        self.assertEqual(self.ask("T", "USA"), [2, 3])
        with self.database:
            self.database.execute("UPDATE organization SET parent_id = 'USA' WHERE id = 'Madrid'")
        self.assertEqual(self.ask("T", "USA"), [2, 3])
        with self.database:
            self.database.execute("UPDATE tenant SET revision = 2 WHERE id = 'T'")
        self.assertEqual(self.ask("T", "USA"), [1, 2, 3])


if __name__ == "__main__":
    unittest.main()
