//! The limits of `wit/types/types.wit` and `wit/analyzer/analyzer.wit`. The host refuses what is beyond.

/// Bytes of [`crate::Diagnostic::tool`].
pub const TOOL: usize = 64;
/// Bytes of [`crate::Diagnostic::error_type`].
pub const ERROR_TYPE: usize = 100;
/// Bytes of [`crate::Diagnostic::code`].
pub const CODE: usize = 128;
/// Bytes of [`crate::Diagnostic::test`].
pub const TEST: usize = 512;
/// Bytes of [`crate::Diagnostic::message`].
pub const MESSAGE: usize = 8_192;
/// Bytes of [`crate::Diagnostic::context`].
pub const CONTEXT: usize = 16_384;
/// Number of [`crate::Diagnostic::stack_trace`] entries.
pub const FRAMES: usize = 256;
/// Bytes of [`crate::Frame::function`].
pub const FRAME_FUNCTION: usize = 512;
/// Bytes of [`crate::Frame::text`].
pub const FRAME_TEXT: usize = 2_048;
/// Bytes of [`crate::Location::path`].
pub const PATH: usize = 1_024;
/// Diagnostics of one scan.
pub const DIAGNOSTICS: usize = 10_000;
/// Bytes of one chunk given to `feed`.
pub const CHUNK: usize = 1_048_576;
