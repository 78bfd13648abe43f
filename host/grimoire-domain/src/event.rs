//! What a webhook payload says, as far as Grimoire reads it.

use serde::{Deserialize, Serialize};

use crate::repository::{CommitSha, PullRequestId, RepositoryName};

/// A parsed payload. Everything that GitHub may leave out is optional: parsing never fails on
/// unknown events, actions, enum values, nulls or missing objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEvent {
    /// What `X-GitHub-Event` said.
    pub event: String,
    /// The payload's `action`.
    pub action: Option<String>,
    /// The repository, where the payload names a valid one.
    pub repository: Option<RepositoryName>,
    /// Who caused it, where named.
    pub sender: Option<String>,
    /// What it is about.
    pub subject: Subject,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A pull request was opened, pushed to, closed…
    PullRequest(PullRequestFacts),
    /// CI reported on a commit.
    CheckReport(CheckReport),
    /// GitHub tries the hook out.
    Ping {
        /// The aphorism that GitHub sends.
        zen: Option<String>,
    },
    /// Something that asks for no work.
    Other,
}

/// What is known of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestFacts {
    /// Which one.
    pub id: PullRequestId,
    /// The commit at its head.
    pub head_sha: Option<CommitSha>,
    /// Whether it is a draft.
    pub draft: bool,
    /// Whether it is open.
    pub open: bool,
    /// Its title; hostile text.
    pub title: Option<String>,
}

/// What CI said about a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Which commit.
    pub head_sha: CommitSha,
    /// Whether it has ended and failed: `failure`, `timed_out`, `startup_failure`, `error`.
    pub failed: bool,
    /// The conclusion as sent.
    pub conclusion: Option<String>,
    /// The pull requests that the event lists; empty for forks.
    pub pull_requests: Vec<u64>,
    /// What failed, for people; hostile text.
    pub name: Option<String>,
}
