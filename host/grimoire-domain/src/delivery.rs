//! Webhook requests as they arrived.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::job::JobId;
use crate::repository::RepositoryName;
use crate::validation::FieldErrors;

/// What `X-GitHub-Delivery` says: identifies one webhook request, also when it is sent again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeliveryId(String);

impl DeliveryId {
    /// 1 to 100 of letters, digits, `-` and `_`. GitHub sends a GUID.
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

    /// The text of the header.
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

/// One webhook request that passed the signature check and was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its identity.
    pub id: DeliveryId,
    /// What `X-GitHub-Event` said.
    pub event: String,
    /// The `action` of the payload, where it has one.
    pub action: Option<String>,
    /// The repository it is about, where it names a valid one.
    pub repository: Option<RepositoryName>,
    /// When it arrived first.
    pub received_at: Timestamp,
    /// The job that it caused, if any.
    pub job: Option<JobId>,
    /// The payload as sent.
    pub payload: Vec<u8>,
}
