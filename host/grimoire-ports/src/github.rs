//! What Grimoire needs of GitHub.

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use grimoire_domain::Timestamp;
use grimoire_domain::event::WebhookEvent;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::PostedComment;

use crate::PortError;

/// Bytes as they arrive.
pub type ByteStream = BoxStream<'static, Result<Bytes, PortError>>;

/// Judges and reads webhook requests. No input or output: everything is in the arguments.
pub trait WebhookGate: Send + Sync {
    /// Whether `signature` (the value of `X-Hub-Signature-256`) is the HMAC-SHA256 of exactly these
    /// bytes under a configured secret, compared in constant time. Always true where the operator
    /// asked for no verification on loopback. `Unauthenticated` says nothing of why.
    fn verify(&self, body: &[u8], signature: Option<&str>) -> Result<(), PortError>;

    /// Reads a payload of the named event. `Invalid` only for what is not JSON or not an object,
    /// with the place of the error.
    fn parse(&self, event: &str, body: &[u8]) -> Result<WebhookEvent, PortError>;
}

/// A pull request as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Which one.
    pub id: PullRequestId,
    /// The commit at its head now.
    pub head_sha: CommitSha,
    /// Whether it is open.
    pub open: bool,
    /// Whether it is a draft.
    pub draft: bool,
    /// Its title; hostile text.
    pub title: String,
}

/// A diff, and what of it could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullRequestDiff {
    /// Unified diff text. Made of the files API's patches where GitHub refuses the whole.
    pub text: String,
    /// What is missing, in words; empty when whole.
    pub gaps: Vec<String>,
}

/// A CI job that failed at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// GitHub's id of the job.
    pub id: u64,
    /// Workflow and job name; hostile text.
    pub name: String,
}

/// A workflow run in whose latest attempt jobs failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedRun {
    /// GitHub's id of the run.
    pub id: u64,
    /// The workflow's name; hostile text.
    pub name: String,
    /// When its latest attempt began, where GitHub says so.
    pub started_at: Option<Timestamp>,
    /// The jobs of it that failed, by ascending id; at least one.
    pub jobs: Vec<FailedJob>,
}

/// Files that a workflow run kept, packed as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunArtifact {
    /// GitHub's id of it.
    pub id: u64,
    /// The name that the workflow gave it; hostile text.
    pub name: String,
    /// How many bytes it has as it is packed.
    pub bytes: u64,
    /// Whether it was kept for so long that it is gone.
    pub expired: bool,
}

/// How grave an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnnotationLevel {
    /// Information.
    Notice,
    /// The job may have gone on.
    Warning,
    /// Why the job failed, or one of the reasons.
    Failure,
    /// A word that GitHub has added since.
    Unknown,
}

/// What a CI job says about a place in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The file from the repository's root, or `.github` where it is about no file; hostile text.
    pub path: String,
    /// The first line, from 1.
    pub start_line: Option<u32>,
    /// The last line, from 1.
    pub end_line: Option<u32>,
    /// The first column, from 1; only where it is about one line.
    pub start_column: Option<u32>,
    /// The last column, from 1; only where it is about one line.
    pub end_column: Option<u32>,
    /// How grave it is.
    pub level: AnnotationLevel,
    /// A headline, often empty; hostile text.
    pub title: String,
    /// What is to be said, in one line or several; hostile text.
    pub message: String,
}

/// The calls that Grimoire makes. Reads are retried by the adapter; an ambiguous write is read back
/// before it is repeated.
#[async_trait]
pub trait GitHub: Send + Sync {
    /// One pull request. `NotFound`.
    async fn pull_request(&self, id: &PullRequestId) -> Result<PullRequest, PortError>;

    /// Open pull requests against `repository` whose head is `sha`, also from forks.
    async fn pull_requests_at(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<PullRequestId>, PortError>;

    /// The diff of a pull request.
    async fn diff(&self, id: &PullRequestId) -> Result<PullRequestDiff, PortError>;

    /// The workflow runs at a commit with failed jobs, latest attempts only, by ascending id.
    async fn failed_runs(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<FailedRun>, PortError>;

    /// The log of a job as it arrives, without the token on the redirect. `NotFound` when it is not
    /// there yet or has expired.
    async fn job_log(&self, repository: &RepositoryName, job: u64) -> Result<ByteStream, PortError>;

    /// What the latest attempt of a run kept, in GitHub's order, at most 500 of them; of those with one name the
    /// newest. `Forbidden` where the token may not read Actions.
    async fn run_artifacts(
        &self,
        repository: &RepositoryName,
        run: &FailedRun,
    ) -> Result<Vec<RunArtifact>, PortError>;

    /// The zip archive of an artifact as it arrives, without the token on the redirect. `NotFound` when it has
    /// expired.
    async fn artifact_archive(
        &self,
        repository: &RepositoryName,
        artifact: u64,
    ) -> Result<ByteStream, PortError>;

    /// The annotations of a job, in GitHub's order, at most 100 of them. `NotFound`; `Forbidden` where the
    /// token may not read checks.
    async fn annotations(&self, repository: &RepositoryName, job: u64) -> Result<Vec<Annotation>, PortError>;

    /// Writes the one comment of a pull request that carries `marker` and was written by the token's
    /// own account: edited in place where it exists and differs, created where it does not.
    async fn upsert_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
        body: &str,
    ) -> Result<PostedComment, PortError>;

    /// The comment with `marker` by the token's own account, if any.
    async fn find_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
    ) -> Result<Option<PostedComment>, PortError>;
}
