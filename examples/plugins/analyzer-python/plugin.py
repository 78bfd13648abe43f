"""The kinds of input and the probes of the plugin. The scan itself is in `analyze.py`: a resource is a class in a
module with the name of its interface.
"""

from typing import List

from wit_world import exports
from wit_world.exports.analyze import ArtifactKind


class Analyze(exports.Analyze):
    def supports(self) -> List[ArtifactKind]:
        return [ArtifactKind.LOG, ArtifactKind.TEXT]

    def probes(self) -> List[str]:
        """A log without this word never reaches the plugin."""
        return ["kettle:"]
