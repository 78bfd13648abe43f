//! Webhook requests as received.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::job::JobId;
use crate::repository::RepositoryName;
use crate::validation::FieldErrors;

/// The value of `X-GitHub-Delivery`, which identifies a webhook request. A redelivery has the same one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId(String);

impl DeliveryId {
    /// Parses 1 to 100 letters, digits, `-` and `_`. GitHub sends a GUID.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        let valid = (1..=100).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(FieldErrors::one(
                "X-GitHub-Delivery",
                "must be 1 to 100 letters, digits, hyphens or underscores",
            ))
        }
    }

    /// The header's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for DeliveryId {
    type Error = FieldErrors;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DeliveryId> for String {
    fn from(id: DeliveryId) -> Self {
        id.0
    }
}

/// The decision about a webhook request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The request needs work: a job was queued, or a job that was already waiting covers it.
    Accepted,
    /// GitHub tests the hook.
    Ping,
    /// The request needs no work, for this reason.
    Ignored(String),
}

impl Verdict {
    /// The verdict as one word, for filters and responses.
    pub fn kind(&self) -> VerdictKind {
        match self {
            Self::Accepted => VerdictKind::Accepted,
            Self::Ping => VerdictKind::Ping,
            Self::Ignored(_) => VerdictKind::Ignored,
        }
    }

    /// The reason, if nothing is done.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ignored(reason) => Some(reason),
            Self::Accepted | Self::Ping => None,
        }
    }
}

/// A [`Verdict`] without its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerdictKind {
    /// [`Verdict::Accepted`].
    Accepted,
    /// [`Verdict::Ping`].
    Ping,
    /// [`Verdict::Ignored`].
    Ignored,
}

/// The facts about a webhook request, without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFacts {
    /// Identifies the request.
    pub id: DeliveryId,
    /// The value of `X-GitHub-Event`.
    pub event: String,
    /// The `action` of the payload, where it has one.
    pub action: Option<String>,
    /// The repository of the event, where the payload names a valid one.
    pub repository: Option<RepositoryName>,
    /// Headers that describe its origin, by lower-case name. None of them authenticates.
    pub headers: BTreeMap<String, String>,
    /// The latest decision about it.
    pub verdict: Verdict,
    /// The time of the first arrival.
    pub received_at: Timestamp,
    /// How long verification, parsing and the decision took; absent in records of earlier versions.
    pub decided_in: Option<Duration>,
    /// When an operator last had it handled again.
    pub redelivered_at: Option<Timestamp>,
    /// The job that the request caused, if any.
    pub job: Option<JobId>,
}

/// One webhook request that passed the signature check and was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Everything but the payload.
    pub facts: DeliveryFacts,
    /// The payload as received.
    pub payload: Vec<u8>,
}
