"""The golden vectors of the format: the module writes the same bytes and gives the same answers as the specification."""

import json
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orgcache import BuildError, DecodeError, OrgFlags, OrgStructure

GOLDEN = Path(__file__).parents[3] / "org-structure" / "tests" / "golden"


def read(name: str) -> Any:
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


def rows(case: dict[str, Any]) -> Iterator[Any]:
    if "rule" in case:
        count, fan_out = case["rule"]["count"], case["rule"]["fan_out"]
        for number in range(count):
            parent = f"{(number - 1) // fan_out:032X}" if number else None
            yield f"{number:032X}", parent, number % 128
        return
    for row in case["rows"]:
        yield row["id"], row.get("parent"), row.get("flags", 0), row.get("time_zone"), row.get("calendar")


class Golden(unittest.TestCase):
    def test_trees(self) -> None:
        names = [path.name for path in GOLDEN.glob("*.json") if not path.name.startswith("refused")]
        self.assertGreaterEqual(len(names), 10)
        for name in names:
            with self.subTest(name):
                case = read(name)
                tree = OrgStructure.build(rows(case))
                self.assertEqual(tree.fingerprint, case["fingerprint"])
                self.assertEqual(len(tree.encode()), case["size"])
                self.assertEqual(len(tree.findings), len(case["findings"]))
                if "canonical" in case:
                    self.assertEqual(tree.encode().hex(), case["canonical"])
                self.assertEqual(OrgStructure.decode(tree.encode()), tree)
                for answer in case["organizations"]:
                    self.check(tree, answer)

    def check(self, tree: OrgStructure, answer: dict[str, Any]) -> None:
        rank, org = answer["rank"], answer["id"]

        def ranks(ids: list[str]) -> list[int | None]:
            return [tree.index_of(id) for id in ids]

        def expanded(ranges: list[tuple[int, int]]) -> list[int]:
            return [rank for first, end in ranges for rank in range(first, end)]

        def index(id: str | None) -> int | None:
            return None if id is None else tree.index_of(id)

        self.assertEqual(tree.index_of(org), rank)
        self.assertEqual(tree.id(rank), org)
        self.assertEqual(index(tree.parent(org)), answer["parent"])
        self.assertEqual(tree.flags(org), answer["flags"])
        self.assertEqual(tree.time_zone(org), answer["time_zone"])
        self.assertEqual(tree.calendar(org), answer["calendar"])
        self.assertEqual(tree.depth(org), answer["depth"])
        self.assertEqual(ranks(tree.children(org)), answer["children"])
        self.assertEqual(ranks(tree.ancestors(org)), expanded(answer["ancestors"]))
        self.assertEqual(ranks(tree.descendants(org)), expanded(answer["descendants"]))
        self.assertEqual(ranks(tree.natural_tree(org)), expanded(answer["natural_tree"]))
        for name, flags in [
            ("legal_entity", OrgFlags.LEGAL_ENTITY),
            ("business_unit", OrgFlags.BUSINESS_UNIT),
            ("legal_entity_or_business_unit", OrgFlags.LEGAL_ENTITY | OrgFlags.BUSINESS_UNIT),
            ("period_control", OrgFlags.PERIOD_CONTROL),
            ("accounting", OrgFlags.ACCOUNTING),
        ]:
            self.assertEqual(index(tree.nearest(org, flags)), answer[name], name)
        self.assertEqual(index(tree.nearest_calendar_owner(org)), answer["calendar_owner"])

    def test_refused_bytes(self) -> None:
        cases = read("refused.json")
        self.assertGreater(len(cases), 20)
        for case in cases:
            with self.subTest(case["name"]), self.assertRaises(DecodeError):
                OrgStructure.decode(bytes.fromhex(case["bytes"]))

    def test_refused_rows(self) -> None:
        for case in read("refused-rows.json"):
            with self.subTest(case["name"]), self.assertRaises(BuildError) as caught:
                OrgStructure.build(rows(case))
            for id in case["ids"]:
                self.assertIn(f"`{id}`", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
