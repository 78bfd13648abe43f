//! The content of webhook payloads, as far as Grimoire reads it.

use serde::{Deserialize, Serialize};

use crate::repository::{CommitSha, PullRequestId, RepositoryName};

/// A parsed payload. Every field that GitHub may leave out is optional: parsing never fails on
/// unknown events, actions, enum values, nulls or missing objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// The value of `X-GitHub-Event`.
    pub event: String,
    /// The payload's `action`.
    pub action: Option<String>,
    /// The repository, where the payload names a valid one.
    pub repository: Option<RepositoryName>,
    /// The user who caused the event, where named.
    pub sender: Option<String>,
    /// The subject of the event.
    pub subject: Subject,
}

/// The subject of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A pull request was opened, pushed to, closed…
    PullRequest(PullRequestFacts),
    /// CI reported on a commit.
    CheckReport(CheckReport),
    /// GitHub tests the webhook.
    Ping {
        /// The aphorism that GitHub sends.
        zen: Option<String>,
    },
    /// An event that Grimoire ignores.
    Other,
}

/// Facts about a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestFacts {
    /// The pull request.
    pub id: PullRequestId,
    /// The commit at its head.
    pub head_sha: Option<CommitSha>,
    /// True if the pull request is a draft.
    pub draft: bool,
    /// True if the pull request is open.
    pub open: bool,
    /// The title; hostile text.
    pub title: Option<String>,
}

/// A CI result for a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The commit.
    pub head_sha: CommitSha,
    /// True if the run has ended and failed: `failure`, `timed_out`, `startup_failure`, `error`.
    pub failed: bool,
    /// True if a whole workflow run or check suite has ended with success.
    pub passed: bool,
    /// The conclusion as sent.
    pub conclusion: Option<String>,
    /// The pull requests that the event lists; empty for forks.
    pub pull_requests: Vec<u64>,
    /// The display name of the failed check; hostile text.
    pub name: Option<String>,
}
