"""Scores a spell by its pattern, then by its code, and last by its words.

Import at the top of the file only: the interpreter is frozen when the plugin is built, and no module can be loaded after that.
"""

from typing import List

from componentize_py_types import Err

from wit_world import exports
from wit_world.exports.match_spells import (
    Candidate,
    CodeEvidence,
    Description,
    PatternEvidence_Hit,
    Reason,
    Spell,
    Verdict,
)
from wit_world.imports.types import Diagnostic, Identity


class MatchSpells(exports.MatchSpells):
    def describe(self) -> Description:
        return Description(
            identity=Identity(
                name="matcher-python",
                version="0.1.0",
                description="Scores a spell by its pattern, its code, and last by words.",
            ),
            prepares=False,
        )

    def configure(self, settings: str) -> None:
        """Called only if the operator has written a configuration for this plugin."""
        raise Err("this plugin has no settings")

    def prepare(self, spells: List[Spell]) -> List[bytes]:
        """Called only if the description says that it prepares."""
        return [b"" for _ in spells]

    def score(self, error: Diagnostic, candidates: List[Candidate]) -> List[Verdict]:
        """Judges all candidates of one error in one call."""
        return [judge(index, candidate) for index, candidate in enumerate(candidates)]


def judge(index: int, candidate: Candidate) -> Verdict:
    evidence = candidate.evidence
    if isinstance(evidence.pattern, PatternEvidence_Hit):
        score = 0.9 if evidence.pattern.value.in_message else 0.8
        signal, detail = "pattern", "the spell's pattern was found"
    elif evidence.code == CodeEvidence.COVERED:
        score, signal, detail = 0.7, "code", "the spell is for all errors of this code"
    else:
        score, signal, detail = 0.4 * evidence.keyword, "keyword", "only words speak for it"
    return Verdict(
        candidate=index,
        score=score,
        shown=signal != "keyword",
        reasons=[Reason(signal=signal, weight=score, detail=detail)],
    )
