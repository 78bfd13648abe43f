"""Compares texts by the letters that follow each other in them.

Import at the top of the file only: the interpreter is frozen when the plugin is built, and no module can be loaded after that.
"""

from collections import Counter
from math import sqrt
from typing import List

from componentize_py_types import Err

from wit_world import exports
from wit_world.exports.embed_texts import Description, Subject
from wit_world.imports.types import Identity

LETTERS = b"abcdefghijklmnopqrstuvwxyz"


class EmbedTexts(exports.EmbedTexts):
    def describe(self) -> Description:
        return Description(
            identity=Identity(
                name="embedder-python",
                version="0.1.0",
                description="Compares texts by the letters that follow each other in them.",
            ),
            # One component for each pair of letters.
            dimension=len(LETTERS) ** 2,
        )

    def configure(self, settings: str) -> None:
        """Called only if the operator has written a configuration for this plugin."""
        raise Err("this plugin has no settings")

    def embed(self, subject: Subject, texts: List[str]) -> List[List[float]]:
        """Embeds texts, spells and errors alike."""
        return [vector(text) for text in texts]


def vector(text: str) -> List[float]:
    text = text.encode().lower()
    pairs = Counter(zip(text, text[1:]))
    counts = [float(pairs[first, second]) for first in LETTERS for second in LETTERS]
    # The contract asks for the length 1; a text that says nothing has zeros.
    length = sqrt(sum(count * count for count in counts))
    return [count / length for count in counts] if length > 0 else counts
