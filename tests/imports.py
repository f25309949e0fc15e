"""What a Python file imports, and when."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DYNAMIC = {"import_module", "__import__"}


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module.

    :param module: Dotted; for ``from a import b`` it is ``a.b``, whatever ``b`` is.
    :param at_start: Whether importing the file imports it too; not inside a function or ``TYPE_CHECKING``.
    """

    module: str
    line: int
    at_start: bool

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]

    def within(self, package: str) -> bool:
        """Whether the module is the package or lies in it."""
        return self.module == package or self.module.startswith(package + ".")


def imports_of(source: str, package: str = "") -> list[Import]:
    """Every import in the source, those inside functions and ``importlib.import_module("…")`` included.

    :param package: The package that holds the file, which relative imports start from.
    """
    return list(_walk(ast.parse(source), package, at_start=True))


def imports_in(path: Path, root: Path) -> list[Import]:
    """:func:`imports_of` a file below ``root``."""
    package = ".".join(path.relative_to(root).parent.parts)
    return imports_of(path.read_text(encoding="utf-8"), package)


def _walk(node: ast.AST, package: str, at_start: bool) -> Iterator[Import]:
    for name in _named(node, package):
        yield Import(name, getattr(node, "lineno", 0), at_start)
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        yield from _each(node.body, package, at_start=False)
        yield from _each(node.orelse, package, at_start)
        return
    at_start = at_start and not isinstance(node, _LATER)
    yield from _each(ast.iter_child_nodes(node), package, at_start)


def _each(nodes: Iterable[ast.AST], package: str, at_start: bool) -> Iterator[Import]:
    for node in nodes:
        yield from _walk(node, package, at_start)


def _named(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        start = _start(node, package)
        return [f"{start}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _DYNAMIC and node.args:
        first = node.args[0]
        return [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []
    return []


def _start(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parts, node.module] if node.module else parts)
