//! The closed list of error kinds that every layer shares.

use serde::{Deserialize, Serialize};

/// The kind of an error.
///
/// HTTP maps it to a status, the command line to an exit code, and the job runner to retry or dead
/// letter. No reader has a wildcard arm, so that a new kind cannot be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The named resource does not exist.
    NotFound,
    /// The resource was changed concurrently, or exists already.
    Conflict,
    /// The input breaks a documented rule.
    Invalid,
    /// The caller is unknown.
    Unauthenticated,
    /// The caller is known and lacks the permission.
    Forbidden,
    /// The input exceeds a documented size.
    TooLarge,
    /// Too many requests; a later one may succeed.
    TooManyRequests,
    /// The operation exceeded its time limit.
    Timeout,
    /// All local capacity for the operation is in use; a later call may succeed.
    Busy,
    /// A required service is unreachable.
    Unavailable,
    /// A defect or a broken machine: responses give no details, the log has all of them.
    Internal,
}

impl ErrorKind {
    /// Returns true if the same call may succeed later without anybody's action.
    pub fn is_transient(self) -> bool {
        match self {
            Self::TooManyRequests | Self::Busy | Self::Timeout | Self::Unavailable | Self::Internal => true,
            Self::NotFound
            | Self::Conflict
            | Self::Invalid
            | Self::Unauthenticated
            | Self::Forbidden
            | Self::TooLarge => false,
        }
    }

    /// Returns true if the call was rejected before it was tried, so that nothing failed.
    pub fn is_congestion(self) -> bool {
        matches!(self, Self::TooManyRequests | Self::Busy)
    }

    /// The stable name used in responses and logs.
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
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// Resources with an id, for errors that name the missing one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A stored fix.
    Spell,
    /// A past state of a spell.
    Revision,
    /// A durable unit of work.
    Job,
    /// The result of analyzing a pull request.
    Review,
    /// A webhook request.
    Delivery,
    /// A plugin that is loaded or installed.
    Plugin,
}

impl Resource {
    /// The noun that begins a sentence about the resource.
    pub fn title(self) -> &'static str {
        match self {
            Self::Spell => "Spell",
            Self::Revision => "Revision",
            Self::Job => "Job",
            Self::Review => "Review",
            Self::Delivery => "Delivery",
            Self::Plugin => "Plugin",
        }
    }
}
