//! The error that ports return.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::validation::FieldErrors;

/// Why a call of a port failed.
///
/// `message` is for the caller: it names the thing and the remedy. It contains no secret and, for
/// [`ErrorKind::Internal`], no internals. Details for operators are in `source`.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    kind: ErrorKind,
    message: String,
    /// How long to wait before a retry, if known (a rate limit's reset).
    retry_after: Option<std::time::Duration>,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl PortError {
    /// An error without a source.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), retry_after: None, source: None }
    }

    /// A defect or a broken machine: `message` says what was attempted, `source` goes to the log.
    pub fn internal(
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(ErrorKind::Internal, message).with_source(source)
    }

    /// Adds the source, for the log.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the duration to wait before a retry.
    #[must_use]
    pub fn with_retry_after(mut self, after: std::time::Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How long to wait before a retry, if known.
    pub fn retry_after(&self) -> Option<std::time::Duration> {
        self.retry_after
    }
}

impl From<FieldErrors> for PortError {
    fn from(errors: FieldErrors) -> Self {
        Self::new(ErrorKind::Invalid, errors.to_string()).with_source(errors)
    }
}
