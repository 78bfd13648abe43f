//! The closed list of error kinds that every layer shares.

use serde::{Deserialize, Serialize};

/// What kind of failure an error is.
///
/// HTTP maps it to a status, the command line to an exit code, and the job runner to retry or dead
/// letter: three readers of one list, none with a wildcard arm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The named thing does not exist.
    NotFound,
    /// The thing changed meanwhile, or exists already.
    Conflict,
    /// The input breaks a documented rule.
    Invalid,
    /// Who is asking is not known.
    Unauthenticated,
    /// Who is asking is known and may not.
    Forbidden,
    /// The input is above a documented size.
    TooLarge,
    /// Too many requests; later is fine.
    TooManyRequests,
    /// It took longer than allowed.
    Timeout,
    /// Something that is needed cannot be reached now.
    Unavailable,
    /// A defect or a broken machine: says nothing to visitors, all to the log.
    Internal,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(self) -> bool {
        match self {
            Self::TooManyRequests | Self::Timeout | Self::Unavailable | Self::Internal => true,
            Self::NotFound
            | Self::Conflict
            | Self::Invalid
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::TooLarge => false,
        }
    }

    /// The stable name used in answers and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too_large",
            Self::TooManyRequests => "too_many_requests",
            Self::Timeout => "timeout",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}
