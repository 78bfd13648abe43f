//! The parts of GitHub's responses that are read. Everything but ids is optional, because GitHub
//! omits or nulls more than its schema says.

use grimoire_domain::Timestamp;
use grimoire_domain::repository::{CommitSha, RepositoryName};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) state: Option<String>,
    pub(super) draft: Option<bool>,
    pub(super) title: Option<String>,
    labels: Option<Vec<Label>>,
    head: Option<Side>,
    base: Option<Side>,
}

#[derive(Debug, Deserialize)]
struct Label {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Side {
    sha: Option<String>,
    repo: Option<Repository>,
}

#[derive(Debug, Deserialize)]
struct Repository {
    full_name: Option<String>,
}

impl Pull {
    pub(super) fn is_open(&self) -> bool {
        self.state.as_deref() == Some("open")
    }

    pub(super) fn labels(&self) -> Vec<String> {
        self.labels.iter().flatten().filter_map(|label| label.name.clone()).collect()
    }

    pub(super) fn head_sha(&self) -> Option<CommitSha> {
        CommitSha::parse(self.head.as_ref()?.sha.as_deref()?).ok()
    }

    /// Returns true if the pull request targets `repository`, as far as the response tells.
    pub(super) fn is_against(&self, repository: &RepositoryName) -> bool {
        let base = self.base.as_ref().and_then(|base| base.repo.as_ref()?.full_name.as_deref());
        base.is_none_or(|name| name.eq_ignore_ascii_case(repository.as_str()))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct ChangedFile {
    pub(super) filename: String,
    pub(super) previous_filename: Option<String>,
    pub(super) status: Option<String>,
    pub(super) changes: Option<u64>,
    pub(super) patch: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Runs {
    pub(super) workflow_runs: Option<Vec<Run>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    pub(super) conclusion: Option<String>,
    /// The start of the latest attempt.
    #[serde(rename = "run_started_at")]
    pub(super) started_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Artifacts {
    pub(super) artifacts: Option<Vec<Artifact>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Artifact {
    pub(super) id: u64,
    pub(super) name: Option<String>,
    pub(super) size_in_bytes: Option<u64>,
    pub(super) expired: Option<bool>,
    pub(super) created_at: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Jobs {
    pub(super) jobs: Option<Vec<Job>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) html_url: Option<String>,
    pub(super) name: Option<String>,
    pub(super) conclusion: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Annotation {
    pub(super) path: Option<String>,
    // Signed, because the author of the check run chooses the values.
    pub(super) start_line: Option<i64>,
    pub(super) end_line: Option<i64>,
    pub(super) start_column: Option<i64>,
    pub(super) end_column: Option<i64>,
    #[serde(rename = "annotation_level")]
    pub(super) level: Option<String>,
    pub(super) title: Option<String>,
    pub(super) message: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) body: Option<String>,
    pub(super) html_url: Option<String>,
    pub(super) user: Option<User>,
}

#[derive(Debug, Deserialize)]
pub(super) struct User {
    pub(super) id: u64,
}
