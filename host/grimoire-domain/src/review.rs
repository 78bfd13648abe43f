//! The result of analyzing one pull request at one head commit.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::failure_reason::FailureReason;
use crate::job::JobId;
use crate::ranking::RankedSpell;
use crate::repository::{CommitSha, PullRequestId};
use crate::spell::SpellId;

/// Identifies a review: there is one per pull request and head commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReviewKey {
    /// The pull request.
    pub pull_request: PullRequestId,
    /// The head commit.
    pub head_sha: CommitSha,
}

/// The identity of a plugin that contributed to an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PluginIdentity {
    /// The name, such as `matcher-hybrid`.
    pub name: String,
    /// The SHA-256 of the component, in hexadecimal digits.
    pub digest: String,
}

/// A failure of a plugin, and its reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PluginProblem {
    /// The plugin's name.
    pub plugin: String,
    /// The reason.
    pub reason: FailureReason,
    /// One sentence for operators, without text of the artifact.
    pub detail: String,
}

/// A route of the operator that chose the plugins for a part of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RouteTaken {
    /// The setting and the number of the route in it, from 1, such as `plugins.matcher_routes 2`.
    pub route: String,
    /// What it was taken for, such as `build.log is text/x-log, from octo/app`.
    pub because: String,
    /// The analyzers that met the artifact, or the matchers that the route names.
    pub plugins: Vec<String>,
}

/// A diagnostic with the matching spells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiagnosedError {
    /// The artifact that contains the error: a job's name, `diff`, a file.
    pub artifact: String,
    /// The error.
    pub diagnostic: Diagnostic,
    /// Number of occurrences.
    pub count: u32,
    /// The matching spells, best first.
    pub spells: Vec<RankedSpell>,
}

impl DiagnosedError {
    /// The spells that mend the error, best first; all others are hints.
    pub fn fixes(&self) -> impl Iterator<Item = &RankedSpell> {
        self.spells.iter().filter(|spell| !spell.hint)
    }
}

/// The result of analyzing one or several artifacts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The errors in the order of discovery.
    pub errors: Vec<DiagnosedError>,
    /// Plugins that failed; the answer consists of what the others found.
    pub problems: Vec<PluginProblem>,
    /// True if a matcher failed, so that its judgement is replaced by keyword order or missing.
    pub degraded: bool,
    /// The generation of the plugin set, the same for the whole diagnosis.
    pub generation: u64,
    /// The plugins that took part.
    pub plugins: Vec<PluginIdentity>,
    /// The routes that chose them, where there are any.
    #[serde(default)]
    pub routes: Vec<RouteTaken>,
    /// The change-log sequence that the search index had reached.
    pub sequence: u64,
    /// Descriptions of missing input: a log that had expired, a diff that was cut.
    pub gaps: Vec<String>,
    /// The web pages of the jobs whose logs were read, by artifact name; URLs from GitHub, shown and never
    /// followed.
    pub pages: BTreeMap<String, String>,
    /// True if every workflow run at the commit had ended with success.
    pub green: bool,
}

impl Diagnosis {
    /// Returns true if any plugin failed, so that the answer may lack findings.
    pub fn is_incomplete(&self) -> bool {
        self.degraded || self.problems.iter().any(|problem| problem.reason.is_failure())
    }
}

/// The result of analyzing one pull request at one head commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// The pull request and its head commit.
    pub key: ReviewKey,
    /// The job that wrote the review last.
    pub job: JobId,
    /// The findings.
    pub diagnosis: Diagnosis,
    /// The comment with the review, once posted.
    pub comment: Option<PostedComment>,
    /// The time of the first write.
    pub created_at: Timestamp,
    /// The time of the last write.
    pub updated_at: Timestamp,
}

impl Review {
    /// The fixes that it offers.
    pub fn offered(&self) -> BTreeSet<SpellId> {
        self.diagnosis.errors.iter().flat_map(DiagnosedError::fixes).map(|spell| spell.id).collect()
    }
}

/// A comment on GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedComment {
    /// GitHub's id of the comment.
    pub id: u64,
    /// The web page of the comment; a URL from GitHub, shown and never followed.
    pub url: Option<String>,
}
