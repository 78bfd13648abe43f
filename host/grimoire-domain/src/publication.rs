//! Publications: reviews to be posted, by channel.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::review::ReviewKey;

/// The place where a review is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The one comment on the pull request.
    Comment,
}

impl Channel {
    /// All channels.
    pub const ALL: [Self; 1] = [Self::Comment];
}

/// A review to be published. At most one for each review and channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// The review.
    pub review: ReviewKey,
    /// The channel.
    pub channel: Channel,
    /// The time at which the review was written.
    pub requested_at: Timestamp,
}
