//! How test runners announce failed tests, and what ends their report.

use crate::text::Text;
use grimoire_plugin_sdk::text::Beginnings;

/// The announcement of a failed test.
#[derive(Debug, Default)]
pub(crate) struct Header<'a> {
    pub(crate) test: String,
    pub(crate) tool: &'static str,
    /// Only more deeply indented lines belong to the test.
    pub(crate) indent: Option<usize>,
    /// True if a mark precedes them.
    pub(crate) quoted: bool,
    /// Frames have no `at`.
    pub(crate) bare_frames: bool,
    /// True if a stack is required, because other tools begin lines in the same way.
    pub(crate) needs_frames: bool,
    /// The text of the line beside the name.
    pub(crate) message: &'a str,
}

/// Lines of JUnit's console launcher between a test and its exception.
pub(crate) fn is_source_of_test(text: &str) -> bool {
    ["MethodSource [", "ClassSource [", "ClassBasedTestDescriptor", "FileSource ["]
        .iter()
        .any(|start| text.starts_with(start))
}

/// Returns true if the line ends a message: it belongs to a build tool, or to another test.
pub(crate) fn is_end(text: &Text<'_>) -> bool {
    static ENDS: Beginnings =
        Beginnings::new(&["> Task ", "BUILD ", "Tests run:", "FAILURE: ", "Process finished", "====="]);
    text.level.is_some() || text.is_blank() || ENDS.begin(text.words)
}
