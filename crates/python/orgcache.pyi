"""An ERP's organization tree, stored once and queried in nanoseconds.

Build an OrgStructure from rows and share it between threads without a lock: it never changes.
"""

from collections.abc import Iterable, Iterator
from enum import IntFlag
from typing import SupportsIndex, final

__all__ = [
    "__version__",
    "OrgFlags",
    "BuildError",
    "DecodeError",
    "UnknownOrganizationError",
    "OrgStructure",
]

__version__: str

# One organization: id, parent id (None for a root), flags, IANA time zone, calendar id.
_Row = (
    tuple[str, str | None]
    | tuple[str, str | None, int]
    | tuple[str, str | None, int, str | None]
    | tuple[str, str | None, int, str | None, str | None]
)

# An organization: its id, or its index in tree order (an int, also one of numpy's). A bool is refused.
_Org = str | SupportsIndex

class OrgFlags(IntFlag):
    """Facts about an organization, one bit each. Combine them with `|`."""

    READY = ...
    ACTIVE = ...
    LEGAL_ENTITY = ...
    BUSINESS_UNIT = ...
    TRANSACTIONS_ALLOWED = ...
    PERIOD_CONTROL = ...
    ACCOUNTING = ...
    CUSTOM_1 = ...
    CUSTOM_2 = ...
    CUSTOM_3 = ...
    CUSTOM_4 = ...

class BuildError(ValueError):
    """Rows that form no tree: a cycle, a duplicate id, an empty or over-long id. The message names the ids."""

class DecodeError(ValueError):
    """Bytes that are not the canonical bytes of a tree."""

class UnknownOrganizationError(KeyError):
    """An organization that is not in the tree."""

@final
class OrgStructure:
    """One immutable organization tree. Share it between threads without a lock.

    Create one with build() or decode(). Name an organization by its id (`str`) or by its index in tree order
    (`int`). If it is not in the tree, yes-or-no questions answer False; all other methods raise
    UnknownOrganizationError.
    """

    @staticmethod
    def build(rows: Iterable[_Row]) -> OrgStructure:
        """Build a tree from rows in any order: tuples (id, parent, flags, time_zone, calendar), of which id and
        parent are required. Raises BuildError."""
    @staticmethod
    def decode(bytes: bytes | bytearray | memoryview) -> OrgStructure:
        """Read the canonical bytes of a tree. Raises DecodeError."""
    def encode(self) -> bytes:
        """The canonical bytes: the same for the same organizations, on every machine and in every language."""
    @property
    def findings(self) -> list[str]:
        """Oddities of the rows: dangling parents, several roots, no organization `0`. Empty after decode()."""
    @property
    def fingerprint(self) -> str:
        """The hash of the canonical bytes, in hexadecimal: the name of this tree."""
    @property
    def footprint(self) -> int:
        """Bytes of heap that the tree takes, exactly."""
    def index_of(self, id: str) -> int | None:
        """The index of an organization, or None if it is not in the tree."""
    def id(self, org: _Org) -> str:
        """The id of an organization."""
    def flags(self, org: _Org) -> OrgFlags:
        """The flags of an organization."""
    def time_zone(self, org: _Org) -> str | None:
        """The organization's own time zone."""
    def calendar(self, org: _Org) -> str | None:
        """The organization's own calendar."""
    def parent(self, org: _Org) -> str | None:
        """The organization directly above, or None for a root."""
    def depth(self, org: _Org) -> int:
        """The number of steps down from the root."""
    def is_in_natural_tree(self, one: _Org, other: _Org) -> bool:
        """May a record of one organization refer to a record of the other? True for itself, ancestors and descendants."""
    def is_self_or_below(self, org: _Org, ancestor: _Org) -> bool:
        """Is `org` the organization `ancestor` or one of its descendants?"""
    def nearest(self, org: _Org, flags: int) -> str | None:
        """The nearest organization upwards, itself included, that has any of the flags."""
    def nearest_calendar_owner(self, org: _Org) -> str | None:
        """The nearest organization upwards, itself included, that has a calendar of its own."""
    def natural_tree(self, org: _Org) -> list[str]:
        """The organization, its ancestors and its descendants, in tree order."""
    def ancestors(self, org: _Org, *, include_self: bool = False) -> list[str]:
        """The ancestors, root first."""
    def descendants(self, org: _Org, *, include_self: bool = False) -> list[str]:
        """The descendants, in tree order."""
    def children(self, org: _Org) -> list[str]:
        """The organizations directly below, in tree order."""
    def roots(self) -> list[str]:
        """The organizations without a parent, in tree order."""
    def path_to_root(self, org: _Org) -> list[str]:
        """The organization, its parent, and so on up to the root."""
    @staticmethod
    def quoted_list(ids: Iterable[str]) -> str:
        """Ids quoted and comma separated, as Openbravo's session variables hold them. Quotes within ids are doubled."""
    def __len__(self) -> int: ...
    def __contains__(self, org: _Org, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def __copy__(self) -> OrgStructure: ...
    def __deepcopy__(self, _memo: object, /) -> OrgStructure: ...
