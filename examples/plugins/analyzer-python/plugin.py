"""What the plugin is. The scan itself is in `analyze.py`: a resource is a class in a module with the name of its
interface.
"""

from componentize_py_types import Err

from wit_world import exports
from wit_world.exports.analyze import Description
from wit_world.imports.types import Identity


class Analyze(exports.Analyze):
    def describe(self) -> Description:
        return Description(
            identity=Identity(
                name="analyzer-python",
                version="0.1.0",
                description="Finds the errors of kettle, a build tool that exists only here.",
            ),
            tools=["kettle"],
            accepts=["text/x-log", "text/plain"],
            # A log without this word never reaches the plugin.
            probes=["kettle:"],
        )

    def configure(self, settings: str) -> None:
        """Called only if the operator has written a configuration for this plugin."""
        raise Err("this plugin has no settings")
