//! Why a component is rejected.

/// Why a component is rejected: one sentence that names what is required and what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Rejection(pub(crate) String);

impl Rejection {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
