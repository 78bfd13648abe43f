//! The limits of the contracts (`wit/`). The host rejects values that exceed them.

/// Maximum length of [`crate::Diagnostic::tool`] in bytes.
pub const TOOL: usize = 64;
/// Maximum length of [`crate::Diagnostic::error_type`] in bytes.
pub const ERROR_TYPE: usize = 100;
/// Maximum length of [`crate::Diagnostic::code`] in bytes.
pub const CODE: usize = 128;
/// Maximum length of [`crate::Diagnostic::test`] in bytes.
pub const TEST: usize = 512;
/// Maximum length of [`crate::Diagnostic::message`] in bytes.
pub const MESSAGE: usize = 8_192;
/// Maximum length of [`crate::Diagnostic::context`] in bytes.
pub const CONTEXT: usize = 16_384;
/// Maximum number of [`crate::Diagnostic::stack_trace`] entries.
pub const FRAMES: usize = 256;
/// Maximum length of [`crate::Frame::function`] in bytes.
pub const FRAME_FUNCTION: usize = 512;
/// Maximum length of [`crate::Frame::text`] in bytes.
pub const FRAME_TEXT: usize = 2_048;
/// Maximum length of [`crate::Location::path`] in bytes.
pub const PATH: usize = 1_024;
/// Maximum number of [`crate::Diagnostic::facts`].
pub const FACTS: usize = 32;
/// Maximum length of a fact's name in bytes.
pub const FACT_NAME: usize = 64;
/// Maximum length of a fact's value in bytes.
pub const FACT_VALUE: usize = 1_024;
/// Maximum number of diagnostics of one scan.
pub const DIAGNOSTICS: usize = 10_000;
/// Maximum size of one chunk passed to `feed`, in bytes.
pub const CHUNK: usize = 1_048_576;
/// Maximum size of what a matcher prepares of one spell, in bytes.
pub const PREPARED: usize = 16_384;
