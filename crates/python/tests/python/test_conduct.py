"""Conventions that Python programs rely on: documentation, numbers, signals, interpreters."""

import ast
import collections.abc
import inspect
import pickle
import signal
import subprocess
import sys
import threading
import unittest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orgcache
from orgcache import BuildError, DecodeError, OrgFlags, OrgStructure, UnknownOrganizationError

STUBS = Path(__file__).parents[2] / "orgcache.pyi"
TREE = OrgStructure.build([("0", None), ("Spain", "0", OrgFlags.LEGAL_ENTITY), ("Madrid", "Spain")])


class Index:
    """An integer type of another library, such as numpy."""

    def __init__(self, value: int) -> None:
        self.value = int(value)

    def __index__(self) -> int:
        return self.value


class Broken:
    def __index__(self) -> int:
        raise ZeroDivisionError


class Documentation(unittest.TestCase):
    def test_every_public_name_is_documented_as_in_the_stubs(self) -> None:
        def check(name: str, value: object, node: Any) -> None:
            told, expected = inspect.getdoc(value), ast.get_docstring(node)
            with self.subTest(name):
                self.assertTrue(expected)
                self.assertEqual((told or "").split(), (expected or "").split())

        stubs = ast.parse(STUBS.read_text(encoding="utf-8"))
        check("orgcache", orgcache, stubs)
        documented = {"__version__"}
        for node in stubs.body:
            if isinstance(node, ast.ClassDef):
                documented.add(node.name)
                check(node.name, getattr(orgcache, node.name), node)
                for member in node.body:
                    if isinstance(member, ast.FunctionDef) and not member.name.startswith("_"):
                        check(f"{node.name}.{member.name}", getattr(OrgStructure, member.name), member)
        self.assertEqual(documented, set(orgcache.__all__))

    def test_signatures_can_be_read(self) -> None:
        self.assertEqual(str(inspect.signature(OrgStructure.build)), "(rows)")
        signature = str(inspect.signature(OrgStructure.ancestors))
        self.assertEqual(signature, "(self, /, org, *, include_self=False)")


class Numbers(unittest.TestCase):
    def test_objects_with_index_are_integers(self) -> None:
        self.assertEqual(TREE.id(Index(1)), "Spain")
        self.assertIn(Index(2), TREE)
        self.assertNotIn(Index(3), TREE)
        self.assertNotIn(Index(2**70), TREE)
        flags: Any = Index(OrgFlags.LEGAL_ENTITY)
        self.assertEqual(TREE.nearest("Madrid", flags), "Spain")
        self.assertEqual(OrgStructure.build([("0", None, flags)]).flags("0"), OrgFlags.LEGAL_ENTITY)

    def test_a_bool_and_a_float_are_refused_by_name(self) -> None:
        for value, name in [(True, "bool"), (False, "bool"), (1.0, "float")]:
            stranger: Any = value
            ask: Any
            for ask in (TREE.id, TREE.__contains__, lambda org: TREE.is_self_or_below(org, "0")):
                with self.assertRaisesRegex(TypeError, f"an organization is a str .* not {name}$"):
                    ask(stranger)
            with self.assertRaisesRegex(TypeError, f"`flags` is OrgFlags or an int, not {name}$"):
                TREE.nearest("Madrid", stranger)
            with self.assertRaisesRegex(TypeError, f"row 0: `flags` is OrgFlags or an int, not {name}$"):
                OrgStructure.build([("0", None, stranger)])

    def test_a_failing_index_fails_the_call(self) -> None:
        flags: Any = Broken()
        with self.assertRaises(ZeroDivisionError):
            TREE.id(Broken())
        with self.assertRaises(ZeroDivisionError):
            OrgStructure.build([("0", None, flags)])


class Values(unittest.TestCase):
    def test_equal_trees_are_the_same_key(self) -> None:
        again = OrgStructure.decode(TREE.encode())
        self.assertEqual(len({TREE, again}), 1)
        self.assertIs(TREE == again, True)
        self.assertIs(TREE != again, False)

    def test_a_tree_equals_only_trees(self) -> None:
        for other in (None, 1, "0", TREE.encode(), list(TREE)):
            self.assertIs(TREE.__eq__(other), NotImplemented)
            self.assertIs(TREE == other, False)
        tree: Any = TREE
        with self.assertRaises(TypeError):
            tree < tree
        with self.assertRaises(TypeError):
            tree[0]
        self.assertIsInstance(TREE, collections.abc.Collection)

    def test_a_tree_is_immutable_and_has_no_constructor(self) -> None:
        tree: Any = TREE
        kind: Any = OrgStructure
        with self.assertRaises(AttributeError):
            tree.findings = []
        with self.assertRaises(AttributeError):
            tree.another = 1
        with self.assertRaises(TypeError):
            kind()
        with self.assertRaises(TypeError):
            type("Other", (kind,), {})

    def test_bytes_of_any_kind_are_decoded(self) -> None:
        data = TREE.encode()
        for kind in (bytes, bytearray, memoryview):
            self.assertEqual(OrgStructure.decode(kind(data)), TREE)
        self.assertEqual(OrgStructure.decode(memoryview(b"-" + data)[1:]), TREE)
        for stranger in (5, "text", None, list(data)):
            argument: Any = stranger
            with self.assertRaisesRegex(TypeError, "`bytes` is a bytes, bytearray or memoryview, not "):
                OrgStructure.decode(argument)

    def test_a_text_is_not_a_list_of_ids(self) -> None:
        with self.assertRaisesRegex(TypeError, "`ids` is an iterable of str, not a str"):
            OrgStructure.quoted_list("abc")
        ids: Any = ["0", 1]
        with self.assertRaisesRegex(TypeError, "`ids` is an iterable of str, not of int"):
            OrgStructure.quoted_list(ids)

    def test_flags_and_errors_pickle(self) -> None:
        flags = OrgFlags.READY | OrgFlags.CUSTOM_4
        self.assertIs(type(pickle.loads(pickle.dumps(flags))), OrgFlags)
        self.assertEqual(pickle.loads(pickle.dumps(flags)), flags)
        for error in (BuildError("a"), DecodeError("b"), UnknownOrganizationError("c")):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual((type(again), again.args), (type(error), error.args))


class Rows(unittest.TestCase):
    def test_rows_that_change_during_the_call(self) -> None:
        rows: list[Any] = [("0", None)]

        class Growing:
            def __index__(self) -> int:
                if len(rows) < 100:
                    rows.append((str(len(rows)), "0", Growing()))
                return 0

        rows.append(("1", "0", Growing()))
        self.assertEqual(len(OrgStructure.build(rows)), 100)
        table: dict[Any, None] = {("0", None): None, ("a", "0"): None}

        def growing() -> Iterator[Any]:
            for row in table:
                table[("b", "0")] = None
                yield row

        with self.assertRaisesRegex(RuntimeError, "changed size"):
            OrgStructure.build(growing())

    @unittest.skipUnless(hasattr(signal, "setitimer"), "there are no timers on this system")
    def test_a_signal_interrupts_reading_rows(self) -> None:
        class Alarm(Exception):
            pass

        def ring(*_: object) -> None:
            raise Alarm

        # If the signal does not interrupt the call, the malformed last row raises TypeError.
        rows: list[Any] = [(str(number), None) for number in range(300_000)]
        rows.append(("a",))
        self.addCleanup(signal.signal, signal.SIGALRM, signal.signal(signal.SIGALRM, ring))
        with self.assertRaises(Alarm) as caught:
            signal.setitimer(signal.ITIMER_REAL, 0.001)
            OrgStructure.build(rows)
        self.assertIsNone(caught.exception.__context__)

    def test_threads_build_from_one_list(self) -> None:
        rows: list[Any] = [("0", None), *((str(number), "0") for number in range(1, 20_000))]
        built: list[OrgStructure] = []
        threads = [threading.Thread(target=lambda: built.append(OrgStructure.build(rows))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(built), 4)
        self.assertEqual(len(set(built)), 1)


class Interpreters(unittest.TestCase):
    def test_a_subinterpreter_is_refused_or_works(self) -> None:
        program = """
import importlib, sys
for name in ("_interpreters", "_xxsubinterpreters"):
    try:
        interpreters = importlib.import_module(name)
        break
    except ImportError:
        pass
import orgcache
code = '''
try:
    import orgcache
    print(len(orgcache.OrgStructure.build([("0", None)])), flush=True)
except ImportError as error:
    print(error, flush=True)
'''
interpreters.run_string(interpreters.create(), code)
print(len(orgcache.OrgStructure.build([("0", None)])))
"""
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertEqual(told.returncode, 0, told.stderr)
        # Since 3.12, Python checks whether a module supports several interpreters.
        refusal = "module orgcache.orgcache does not support loading in subinterpreters"
        first = refusal if sys.version_info >= (3, 12) else "1"
        self.assertEqual(told.stdout.splitlines(), [first, "1"])


if __name__ == "__main__":
    unittest.main()
