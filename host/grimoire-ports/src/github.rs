//! The GitHub operations that Grimoire needs.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use grimoire_domain::Timestamp;
use grimoire_domain::event::WebhookEvent;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::PostedComment;

use crate::PortError;

/// A stream of bytes.
pub type ByteStream = BoxStream<'static, Result<Bytes, PortError>>;

/// Verifies and parses webhook requests, without input or output.
pub trait WebhookGate: Send + Sync {
    /// Checks that `signature` (the value of `X-Hub-Signature-256`) is the HMAC-SHA256 of exactly
    /// these bytes under a configured secret, in constant time. Always succeeds if the operator
    /// turned verification off on loopback. Fails with `Unauthenticated`, without a reason.
    fn verify(&self, body: &[u8], signature: Option<&str>) -> Result<(), PortError>;

    /// Returns true if [`verify`](Self::verify) rejects every request without a signature.
    fn needs_signature(&self) -> bool {
        true
    }

    /// Parses a payload of the named event. Fails with `Invalid` only if it is not JSON or not an
    /// object, with the position of the error.
    fn parse(&self, event: &str, body: &[u8]) -> Result<WebhookEvent, PortError>;
}

/// The current state of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// The pull request.
    pub id: PullRequestId,
    /// The current head commit.
    pub head_sha: CommitSha,
    /// True if the pull request is open.
    pub open: bool,
    /// True if the pull request is a draft.
    pub draft: bool,
    /// The title; hostile text.
    pub title: String,
    /// The names of the labels; hostile text.
    pub labels: Vec<String>,
}

/// A diff, and its missing parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullRequestDiff {
    /// Unified diff text. Assembled from the patches of the files API if GitHub refuses the whole diff.
    pub text: String,
    /// Descriptions of missing parts; empty when complete.
    pub gaps: Vec<String>,
}

/// A CI job that failed at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// GitHub's id of the job.
    pub id: u64,
    /// Workflow and job name; hostile text.
    pub name: String,
    /// The web page of the log; a URL from GitHub, shown and never followed.
    pub page: Option<String>,
}

/// A workflow run whose latest attempt has failed jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRun {
    /// GitHub's id of the run.
    pub id: u64,
    /// The workflow's name; hostile text.
    pub name: String,
    /// The start of the latest attempt, if GitHub reports it.
    pub started_at: Option<Timestamp>,
    /// Its failed jobs by ascending id; at least one.
    pub jobs: Vec<FailedJob>,
}

/// The results of the workflow runs at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitRuns {
    /// Runs with failed jobs, by ascending id.
    pub failed: Vec<FailedRun>,
    /// Number of runs that ended with success.
    pub passed: usize,
    /// Number of runs that have not ended, were cancelled, or wait for a person; without skipped ones.
    pub undecided: usize,
}

impl CommitRuns {
    /// Returns true if there were runs and all of them ended with success.
    pub fn is_green(&self) -> bool {
        self.failed.is_empty() && self.undecided == 0 && self.passed > 0
    }
}

/// An archive of files that a workflow run uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunArtifact {
    /// GitHub's id of the artifact.
    pub id: u64,
    /// The name from the workflow; hostile text.
    pub name: String,
    /// The size of the archive in bytes.
    pub bytes: u64,
    /// True if the artifact's retention period has ended.
    pub expired: bool,
}

/// The level of an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// Information.
    Notice,
    /// A warning; the job may have continued.
    Warning,
    /// A reason why the job failed.
    Failure,
    /// A level that GitHub has added since.
    Unknown,
}

/// A message of a CI job about a location in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The path from the repository's root, or `.github` if the message is about no file; hostile text.
    pub path: String,
    /// The first line, 1-based.
    pub start_line: Option<u32>,
    /// The last line, 1-based.
    pub end_line: Option<u32>,
    /// The first column, 1-based; only for a single line.
    pub start_column: Option<u32>,
    /// The last column, 1-based; only for a single line.
    pub end_column: Option<u32>,
    /// The level.
    pub level: AnnotationLevel,
    /// A title, often empty; hostile text.
    pub title: String,
    /// The message, of one or more lines; hostile text.
    pub message: String,
}

/// The calls that Grimoire makes to GitHub. The adapter retries reads; before it repeats a write
/// with an unknown outcome, it reads back whether the first one succeeded.
#[async_trait]
pub trait GitHub: Send + Sync {
    /// Returns a pull request. Errors: `NotFound`.
    async fn pull_request(&self, id: &PullRequestId) -> Result<PullRequest, PortError>;

    /// Returns the open pull requests against `repository` whose head is `sha`, including those from forks.
    async fn pull_requests_at(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<PullRequestId>, PortError>;

    /// Returns the diff of a pull request.
    async fn diff(&self, id: &PullRequestId) -> Result<PullRequestDiff, PortError>;

    /// Returns the workflow runs at a commit, with their latest attempts only.
    async fn runs(&self, repository: &RepositoryName, sha: &CommitSha) -> Result<CommitRuns, PortError>;

    /// Streams the log of a job; the redirect is followed without the token. Errors: `NotFound` if
    /// the log does not exist yet or has expired.
    async fn job_log(&self, repository: &RepositoryName, job: u64) -> Result<ByteStream, PortError>;

    /// Returns the artifacts of the latest attempt of a run, in GitHub's order, at most 500; the newest of those
    /// with the same name. Errors: `Forbidden` if the token may not read Actions.
    async fn run_artifacts(
        &self,
        repository: &RepositoryName,
        run: &FailedRun,
    ) -> Result<Vec<RunArtifact>, PortError>;

    /// Streams the zip archive of an artifact; the redirect is followed without the token. Errors: `NotFound`
    /// if it has expired.
    async fn artifact_archive(
        &self,
        repository: &RepositoryName,
        artifact: u64,
    ) -> Result<ByteStream, PortError>;

    /// Returns the annotations of a job, in GitHub's order, at most 100. Errors: `NotFound`, and
    /// `Forbidden` if the token may not read checks.
    async fn annotations(&self, repository: &RepositoryName, job: u64) -> Result<Vec<Annotation>, PortError>;

    /// Writes the pull request's comment that carries `marker` and belongs to the token's own
    /// account: edits it if it exists and differs, creates it if it does not exist.
    async fn upsert_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
        body: &str,
    ) -> Result<PostedComment, PortError>;

    /// Returns the comment with `marker` by the token's own account, if any.
    async fn find_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
    ) -> Result<Option<PostedComment>, PortError>;
}
