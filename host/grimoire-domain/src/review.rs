//! What Grimoire concluded about one pull request at one head commit.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::job::JobId;
use crate::ranking::RankedSpell;
use crate::repository::{CommitSha, PullRequestId};

/// Identifies a review: one per pull request and head commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReviewKey {
    /// Which pull request.
    pub pull_request: PullRequestId,
    /// At which commit.
    pub head_sha: CommitSha,
}

/// Which plugin made a part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PluginIdentity {
    /// Its name, such as `matcher-hybrid`.
    pub name: String,
    /// The SHA-256 of its component, in hexadecimal digits.
    pub digest: String,
}

/// A plugin that could not do its part, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PluginProblem {
    /// Its name.
    pub plugin: String,
    /// A stable word: `trap`, `timeout`, `memory`, `invalid_output`, `refused`, `busy`, `failed`…
    pub reason: String,
    /// One sentence for operators; no text of the artifact.
    pub detail: String,
}

impl PluginProblem {
    /// Whether the plugin failed. One that says that it does not handle this kind of input did not.
    pub fn is_failure(&self) -> bool {
        self.reason != "unsupported"
    }
}

/// A diagnostic with the spells that fit it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosedError {
    /// Which artifact it was found in: a job's name, `diff`, a file.
    pub artifact: String,
    /// The error.
    pub diagnostic: Diagnostic,
    /// How often it was found.
    pub count: u32,
    /// The spells that fit, best first; empty when nothing did.
    pub spells: Vec<RankedSpell>,
}

/// What was made of one or several artifacts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The errors in the order in which they were found.
    pub errors: Vec<DiagnosedError>,
    /// Plugins that failed: the answer is what the others found.
    pub problems: Vec<PluginProblem>,
    /// Whether a matcher failed, so that keyword order or nothing stands where its judgement would.
    pub degraded: bool,
    /// The generation of plugins that made it.
    pub generation: u64,
    /// The plugins that made it.
    pub plugins: Vec<PluginIdentity>,
    /// How far the search index had followed the spellbook.
    pub sequence: u64,
    /// What was not looked at, in words: a log that had expired, a diff that was cut.
    pub gaps: Vec<String>,
}

impl Diagnosis {
    /// Whether any plugin failed, so that the answer is less than all of them would have made.
    pub fn is_incomplete(&self) -> bool {
        self.degraded || self.problems.iter().any(PluginProblem::is_failure)
    }
}

/// What Grimoire concluded about one pull request at one head commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// Which.
    pub key: ReviewKey,
    /// The last job that wrote it.
    pub job: JobId,
    /// What was found.
    pub diagnosis: Diagnosis,
    /// The comment that tells of it, once posted.
    pub comment: Option<PostedComment>,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// A comment on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedComment {
    /// GitHub's id of it.
    pub id: u64,
    /// Where people read it; as GitHub says, shown and never followed.
    pub url: Option<String>,
}
