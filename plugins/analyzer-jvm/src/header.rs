//! How a test runner announces that a test has failed, and what ends what it says of it.

use crate::text::Text;
use grimoire_plugin_sdk::text::Beginnings;

/// How a test runner announces that a test has failed.
#[derive(Debug, Default)]
pub(crate) struct Header<'a> {
    pub(crate) test: String,
    pub(crate) tool: &'static str,
    /// Only lines with a deeper indent belong to the test.
    pub(crate) indent: Option<usize>,
    /// They have a sign before them.
    pub(crate) quoted: bool,
    /// Frames have no `at`.
    pub(crate) bare_frames: bool,
    /// Without a stack it is none: others begin lines so, too.
    pub(crate) needs_frames: bool,
    /// What the line says beside the name.
    pub(crate) message: &'a str,
}

/// What JUnit's console launcher says of a test before what was thrown.
pub(crate) fn is_source_of_test(text: &str) -> bool {
    ["MethodSource [", "ClassSource [", "ClassBasedTestDescriptor", "FileSource ["]
        .iter()
        .any(|start| text.starts_with(start))
}

/// Whether the line ends a message: a build tool speaks, or another test.
pub(crate) fn is_end(text: &Text<'_>) -> bool {
    static ENDS: Beginnings =
        Beginnings::new(&["> Task ", "BUILD ", "Tests run:", "FAILURE: ", "Process finished", "====="]);
    text.level.is_some() || text.is_blank() || ENDS.begin(text.words)
}
