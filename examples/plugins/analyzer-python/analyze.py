"""Finds the errors of kettle, a build tool that exists only here:

    kettle: error K042 in src/pot.k:12:5: lid is missing

Import at the top of the file only: the interpreter is frozen when the plugin is built, and no module can be loaded after that.
"""

import re
from typing import List, Optional

from wit_world.exports import analyze
from wit_world.exports.analyze import Artifact
from wit_world.imports.types import (
    Confidence,
    Diagnostic,
    Kind,
    Location,
    Position,
    Role,
    Severity,
    Span,
)

# Longer lines are cut: memory must not grow with a log that has no line ends.
LINE_LIMIT = 16 * 1024

# The contract's maximum number of diagnostics in one scan.
MOST = 10_000

# Colour codes of terminals.
COLOUR = re.compile(rb"\x1b\[[0-9;]*[A-Za-z]")

# No part can match in two ways, so that hostile lines cost no more time than others.
ERROR = re.compile(r"kettle: (error|warning) (K[0-9]+) in ([^:]+):([0-9]{1,9})(?::([0-9]{1,9}))?: (.+)")


class Scan(analyze.Scan):
    @classmethod
    def open(cls, artifact: Artifact) -> "Scan":
        return cls()

    def __init__(self) -> None:
        self.rest = b""
        self.offset = 0
        self.reported = 0

    def feed(self, chunk: bytes) -> List[Diagnostic]:
        """Chunks end anywhere: text after the last line end is kept for the next chunk."""
        found = []
        lines = (self.rest + chunk).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            found += self.line(line, 1)
        return found

    def finish(self) -> List[Diagnostic]:
        return self.line(self.rest, 0) if self.rest else []

    def line(self, line: bytes, line_end: int) -> List[Diagnostic]:
        span = Span(start=self.offset, end=self.offset + len(line))
        self.offset = span.end + line_end
        if self.reported == MOST:
            return []
        found = diagnostic(line[:LINE_LIMIT], span)
        if found is None:
            return []
        self.reported += 1
        return [found]


def diagnostic(line: bytes, span: Span) -> Optional[Diagnostic]:
    text = clean(COLOUR.sub(b"", line).decode("utf-8", "replace"))
    match = ERROR.fullmatch(text)
    if match is None or int(match[4]) == 0:
        return None
    severity, code, path, line_number, column, message = match.groups()
    is_error = severity == "error"
    start = Position(line=int(line_number), column=int(column) if column and int(column) else None)
    return Diagnostic(
        tool="kettle",
        error_type=code,
        code=code,
        message=message.strip()[:2000],
        severity=Severity.ERROR if is_error else Severity.WARNING,
        kind=Kind.COMPILE,
        role=Role.ROOT if is_error else Role.WARNING,
        confidence=Confidence.CERTAIN,
        test=None,
        location=Location(path=path[:250], start=start, end=None),
        stack_trace=[],
        context=text[:4000],
        span=span,
        facts=[],
    )


def clean(text: str) -> str:
    """Removes the characters that the contract forbids: control characters and those that reorder text."""
    return "".join(
        c for c in text
        if c.isprintable() or c in "\u200c\u200d\u00ad\u00a0\u3000"
    ).strip()
