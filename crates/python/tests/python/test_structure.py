"""The Python module compared with a naive tree, and with hostile arguments."""

import copy
import multiprocessing
import pickle
import random
import threading
import unittest
from collections.abc import Iterator
from typing import Any

from orgcache import BuildError, DecodeError, OrgFlags, OrgStructure, UnknownOrganizationError

ROWS: list[Any] = [
    ("Madrid", "Spain", OrgFlags.READY | OrgFlags.TRANSACTIONS_ALLOWED, "Europe/Madrid", "C1"),
    ("0", None),
    ("Spain", "0", OrgFlags.READY | OrgFlags.LEGAL_ENTITY),
    ("USA", "0"),
]


def ask_in_another_process(tree: OrgStructure) -> tuple[OrgStructure, str | None]:
    return tree, tree.nearest("Madrid", OrgFlags.LEGAL_ENTITY)


class Questions(unittest.TestCase):
    def setUp(self) -> None:
        self.tree = OrgStructure.build(ROWS)

    def test_yes_or_no(self) -> None:
        self.assertTrue(self.tree.is_in_natural_tree("Madrid", "Spain"))
        self.assertTrue(self.tree.is_in_natural_tree("Spain", "Madrid"))
        self.assertFalse(self.tree.is_in_natural_tree("Madrid", "USA"))
        self.assertTrue(self.tree.is_self_or_below("Madrid", "0"))
        self.assertFalse(self.tree.is_self_or_below("0", "Madrid"))

    def test_an_unknown_organization_is_in_no_natural_tree(self) -> None:
        for stranger in ("nowhere", "", "x" * 1000, 4, -1, 2**40, 10**30, 10**5000):
            self.assertFalse(self.tree.is_in_natural_tree("Madrid", stranger))
            self.assertFalse(self.tree.is_self_or_below(stranger, "0"))
            self.assertNotIn(stranger, self.tree)
            with self.assertRaisesRegex(UnknownOrganizationError, "unknown organization|no organization has"):
                self.tree.natural_tree(stranger)

    def test_lists_are_in_tree_order(self) -> None:
        self.assertEqual(list(self.tree), ["0", "Spain", "Madrid", "USA"])
        self.assertEqual(self.tree.natural_tree("Spain"), ["0", "Spain", "Madrid"])
        self.assertEqual(self.tree.ancestors("Madrid"), ["0", "Spain"])
        self.assertEqual(self.tree.ancestors("Madrid", include_self=True), ["0", "Spain", "Madrid"])
        self.assertEqual(self.tree.descendants("0"), ["Spain", "Madrid", "USA"])
        self.assertEqual(self.tree.children("0"), ["Spain", "USA"])
        self.assertEqual(self.tree.path_to_root("Madrid"), ["Madrid", "Spain", "0"])
        self.assertEqual(self.tree.roots(), ["0"])
        self.assertEqual(OrgStructure.quoted_list(["0", "O'Hara"]), "'0','O''Hara'")

    def test_facts_of_one_organization(self) -> None:
        self.assertEqual(self.tree.nearest("Madrid", OrgFlags.LEGAL_ENTITY), "Spain")
        self.assertIsNone(self.tree.nearest("USA", OrgFlags.LEGAL_ENTITY))
        self.assertEqual(self.tree.nearest_calendar_owner("Madrid"), "Madrid")
        self.assertEqual(self.tree.time_zone("Madrid"), "Europe/Madrid")
        self.assertIsNone(self.tree.time_zone("Spain"))
        self.assertIs(type(self.tree.flags("Spain")), OrgFlags)
        self.assertEqual(self.tree.flags("Spain"), OrgFlags.READY | OrgFlags.LEGAL_ENTITY)
        self.assertEqual(self.tree.parent("Madrid"), "Spain")
        self.assertIsNone(self.tree.parent("0"))
        self.assertEqual(self.tree.depth("Madrid"), 2)

    def test_an_index_names_an_organization(self) -> None:
        for index, org in enumerate(self.tree):
            self.assertEqual(self.tree.index_of(org), index)
            self.assertEqual(self.tree.id(index), org)
            self.assertEqual(self.tree.natural_tree(index), self.tree.natural_tree(org))
        self.assertIsNone(self.tree.index_of("nowhere"))

    def test_copies_and_pickles_are_equal(self) -> None:
        # A copy of an immutable value is the value itself.
        self.assertIs(copy.copy(self.tree), self.tree)
        self.assertIs(copy.deepcopy([self.tree])[0], self.tree)
        for other in map(self.pickled, range(6)):
            self.assertEqual(other, self.tree)
            self.assertEqual(hash(other), hash(self.tree))
            self.assertEqual(other.encode(), self.tree.encode())
        other = OrgStructure.build(ROWS[1:3])
        self.assertNotEqual(other, self.tree)
        self.assertNotEqual(self.tree, "tree")

    def pickled(self, protocol: int) -> OrgStructure:
        copy = pickle.loads(pickle.dumps(self.tree, protocol))
        assert isinstance(copy, OrgStructure)
        return copy

    def test_another_process_gets_an_equal_tree(self) -> None:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            other, legal_entity = pool.apply(ask_in_another_process, (self.tree,))
        self.assertEqual(other, self.tree)
        self.assertEqual(legal_entity, "Spain")

    def test_threads_share_a_tree(self) -> None:
        wrong: list[str] = []

        def ask() -> None:
            for _ in range(2000):
                if not self.tree.is_in_natural_tree("Madrid", "0") or len(self.tree.natural_tree("0")) != 4:
                    wrong.append("answer")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Refusals(unittest.TestCase):
    def test_errors_of_rows_name_the_ids(self) -> None:
        cases: list[tuple[Any, str]] = [
            ([("a", "b"), ("b", "a")], "`a`"),
            ([("a", "a")], "`a`"),
            ([("a", None), ("a", None)], "`a`"),
            ([("", None)], "empty"),
            ([("x" * 33, None)], "33 bytes"),
        ]
        for rows, name in cases:
            with self.assertRaises(BuildError) as caught:
                OrgStructure.build(rows)
            self.assertIn(name, str(caught.exception))

    def test_malformed_rows_are_named(self) -> None:
        cases: list[tuple[Any, type[Exception]]] = [
            (("a",), TypeError),
            ("ab", TypeError),
            (5, TypeError),
            ((1, None), TypeError),
            ((None, None), TypeError),
            (("a", 7), TypeError),
            (("a", None, "READY"), TypeError),
            (("a", None, True), TypeError),
            (("a", None, 1.0), TypeError),
            (["a", None], TypeError),
            (("a", None, 1 << 20), ValueError),
            (("a", None, -1), ValueError),
            (("a", None, 0, None, None, None), TypeError),
        ]
        for row, kind in cases:
            with self.assertRaisesRegex(kind, "row 1"):
                OrgStructure.build([("0", None), row])

    def test_a_lone_surrogate_is_in_no_id(self) -> None:
        with self.assertRaisesRegex(ValueError, "row 1: `id` has a lone surrogate"):
            OrgStructure.build([("0", None), ("\ud800", None)])
        with self.assertRaisesRegex(ValueError, "row 0: `time_zone` has a lone surrogate"):
            OrgStructure.build([("0", None, 0, "\ud800")])
        tree = OrgStructure.build(ROWS)
        self.assertFalse(tree.is_in_natural_tree("\ud800", "0"))
        self.assertNotIn("\ud800", tree)
        self.assertIsNone(tree.index_of("\ud800"))
        with self.assertRaises(UnknownOrganizationError):
            tree.depth("\ud800")

    def test_flags_of_another_kind(self) -> None:
        tree = OrgStructure.build(ROWS)
        cases: list[tuple[Any, type[Exception]]] = [
            ("READY", TypeError),
            (None, TypeError),
            (True, TypeError),
            (1.0, TypeError),
            (10**30, ValueError),
            (1 << 20, ValueError),
            (-1, ValueError),
        ]
        for flag, kind in cases:
            with self.assertRaisesRegex(kind, "`flags`"):
                tree.nearest("Madrid", flag)

    def test_arguments_that_name_no_organization(self) -> None:
        tree = OrgStructure.build(ROWS)
        arguments: list[Any] = [None, 1.5, b"0", ["0"]]
        for argument in arguments:
            with self.assertRaisesRegex(TypeError, "an organization is a str"):
                tree.natural_tree(argument)

    def test_a_failing_iterator_fails_the_build(self) -> None:
        def rows() -> Iterator[tuple[str, None]]:
            yield ("0", None)
            raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            OrgStructure.build(rows())

    def test_bytes_of_no_tree(self) -> None:
        good = OrgStructure.build(ROWS).encode()
        for length in range(len(good)):
            with self.assertRaises(DecodeError):
                OrgStructure.decode(good[:length])
        with self.assertRaises(DecodeError):
            OrgStructure.decode(good + b"\0")
        random.seed(7)
        for _ in range(2000):
            bad = bytearray(good)
            bad[random.randrange(len(bad))] ^= 1 << random.randrange(8)
            try:
                tree = OrgStructure.decode(bytes(bad))
            except DecodeError:
                continue
            self.assertEqual(tree.encode(), bytes(bad))

    def test_findings_report_oddities(self) -> None:
        tree = OrgStructure.build([("a", "gone"), ("b", None)])
        self.assertEqual(len(tree.findings), 3)
        self.assertIn("`gone`", tree.findings[0])


class DeepTrees(unittest.TestCase):
    def test_a_chain_of_many_organizations(self) -> None:
        depth = 100_000
        rows = [(str(n), str(n - 1) if n else None) for n in range(depth)]
        tree = OrgStructure.build(reversed(rows))
        self.assertEqual(tree.depth(str(depth - 1)), depth - 1)
        self.assertTrue(tree.is_self_or_below(depth - 1, 0))
        self.assertEqual(len(tree.ancestors(depth - 1)), depth - 1)
        self.assertEqual(pickle.loads(pickle.dumps(tree)), tree)


class AgainstANaiveTree(unittest.TestCase):
    def test_every_question_of_random_trees(self) -> None:
        random.seed(1)
        for size in (1, 2, 3, 10, 40, 120):
            parents: dict[str, str | None] = {"0": None}
            for n in range(size):
                parents[f"n{n}"] = random.choice(list(parents))
            rows = [(org, parent) for org, parent in parents.items()]
            random.shuffle(rows)
            tree = OrgStructure.build(rows)

            def path(org: str | None, parents: dict[str, str | None] = parents) -> Iterator[str]:
                while org is not None:
                    yield org
                    org = parents[org]

            paths = {org: list(path(org)) for org in parents}
            for one in parents:
                self.assertEqual(tree.path_to_root(one), paths[one])
                below = {org for org in parents if one in paths[org]}
                self.assertEqual(set(tree.descendants(one, include_self=True)), below)
                self.assertEqual(set(tree.natural_tree(one)), below | set(paths[one]))
                for other in parents:
                    related = other in paths[one] or one in paths[other]
                    self.assertEqual(tree.is_in_natural_tree(one, other), related)
                    self.assertEqual(tree.is_self_or_below(one, other), other in paths[one])


if __name__ == "__main__":
    unittest.main()
