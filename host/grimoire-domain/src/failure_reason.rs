//! Reasons why a plugin call failed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::kind::ErrorKind;

/// Why a plugin call failed. The words of [`Self::as_str`] are stable: they are part of responses, metrics and
/// stored reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The plugin trapped: a panic, an access out of bounds, too deep a recursion.
    Trap,
    /// The plugin exceeded its time limit.
    Timeout,
    /// The plugin exceeded its memory limit.
    Memory,
    /// The plugin's output exceeded its limit.
    Output,
    /// The plugin's output breaks the contract.
    InvalidOutput,
    /// The plugin was not called: its circuit breaker is open, it cannot be loaded, or its input is too large.
    Refused,
    /// No instance became free in time.
    Busy,
    /// The plugin returned an error, or the host failed.
    Failed,
    /// The plugin does not support this kind of input.
    Unsupported,
}

impl FailureReason {
    /// All reasons.
    pub const ALL: [Self; 9] = [
        Self::Trap,
        Self::Timeout,
        Self::Memory,
        Self::Output,
        Self::InvalidOutput,
        Self::Refused,
        Self::Busy,
        Self::Failed,
        Self::Unsupported,
    ];

    /// The stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Timeout => "timeout",
            Self::Memory => "memory",
            Self::Output => "output",
            Self::InvalidOutput => "invalid_output",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Unsupported => "unsupported",
        }
    }

    /// Returns true if the answer is incomplete for this reason. A plugin that does not support this kind of
    /// input has not failed.
    pub fn is_failure(self) -> bool {
        self != Self::Unsupported
    }

    /// Returns true if the plugin is to blame. A busy host or an unsupported input does not count against it.
    pub fn is_fault(self) -> bool {
        match self {
            Self::Trap | Self::Timeout | Self::Memory | Self::Output | Self::InvalidOutput | Self::Failed => {
                true
            }
            Self::Refused | Self::Busy | Self::Unsupported => false,
        }
    }

    /// The kind of error to report where the answer needs this plugin.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Busy => ErrorKind::Busy,
            Self::Timeout => ErrorKind::Timeout,
            Self::Trap
            | Self::Memory
            | Self::Output
            | Self::InvalidOutput
            | Self::Refused
            | Self::Failed
            | Self::Unsupported => ErrorKind::Internal,
        }
    }
}

impl fmt::Display for FailureReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The text names no failure reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no reason of a plugin's failure")]
pub struct UnknownFailureReason;

impl FromStr for FailureReason {
    type Err = UnknownFailureReason;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownFailureReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_back_from_its_word() {
        for (place, reason) in FailureReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, place, "counters are kept by this number");
            assert_eq!(reason.as_str().parse(), Ok(reason));
            assert_eq!(serde_json::to_value(reason).expect("a word"), reason.as_str());
        }
        assert_eq!("Trap".parse::<FailureReason>(), Err(UnknownFailureReason));
    }
}
