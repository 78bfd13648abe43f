//! GitHub in memory, and a webhook gate that accepts everything.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use grimoire_domain::event::{CheckReport, PullRequestFacts, Subject, WebhookEvent};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::PostedComment;
use serde_json::Value;

use super::lock;
use crate::PortError;
use crate::github::{
    Annotation, ByteStream, CommitRuns, FailedJob, FailedRun, GitHub, PullRequest, PullRequestDiff,
    RunArtifact, WebhookGate,
};

/// GitHub with content set up by a test. Clones share the content.
#[derive(Debug, Clone, Default)]
pub struct ScriptedGitHub(Arc<Mutex<Content>>);

#[derive(Debug, Default)]
struct Content {
    pull_requests: BTreeMap<PullRequestId, PullRequest>,
    diffs: BTreeMap<PullRequestId, PullRequestDiff>,
    failed_jobs: BTreeMap<(RepositoryName, CommitSha), Vec<FailedJob>>,
    passed: BTreeSet<(RepositoryName, CommitSha)>,
    logs: BTreeMap<(RepositoryName, u64), Bytes>,
    annotations: BTreeMap<(RepositoryName, u64), Vec<Annotation>>,
    artifacts: BTreeMap<RepositoryName, Vec<RunArtifact>>,
    archives: BTreeMap<(RepositoryName, u64), Bytes>,
    comments: Vec<Comment>,
    failures: VecDeque<(&'static str, PortError)>,
    calls: Vec<&'static str>,
}

#[derive(Debug)]
struct Comment {
    id: u64,
    pull_request: PullRequestId,
    body: String,
}

impl Comment {
    fn posted(&self) -> PostedComment {
        let PullRequestId { repository, number } = &self.pull_request;
        let url = format!("https://github.com/{repository}/pull/{number}#issuecomment-{}", self.id);
        PostedComment { id: self.id, url: Some(url) }
    }
}

impl ScriptedGitHub {
    /// Adds or replaces a pull request with its diff.
    pub fn put_pull_request(&self, pull_request: PullRequest, diff: impl Into<String>) {
        let mut content = lock(&self.0);
        let diff = PullRequestDiff { text: diff.into(), gaps: Vec::new() };
        content.diffs.insert(pull_request.id.clone(), diff);
        content.pull_requests.insert(pull_request.id.clone(), pull_request);
    }

    /// Adds a failed job to the only run at a commit, with its log if there is one.
    pub fn put_failed_job(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
        job: FailedJob,
        log: Option<&str>,
    ) {
        let mut content = lock(&self.0);
        if let Some(log) = log {
            content.logs.insert((repository.clone(), job.id), Bytes::copy_from_slice(log.as_bytes()));
        }
        let jobs = content.failed_jobs.entry((repository.clone(), sha.clone())).or_default();
        jobs.retain(|known| known.id != job.id);
        jobs.push(job);
        jobs.sort_by_key(|job| job.id);
    }

    /// Ends the only run at a commit with success.
    pub fn pass(&self, repository: &RepositoryName, sha: &CommitSha) {
        let mut content = lock(&self.0);
        content.failed_jobs.remove(&(repository.clone(), sha.clone()));
        content.passed.insert((repository.clone(), sha.clone()));
    }

    /// Sets the annotations of a job.
    pub fn put_annotations(&self, repository: &RepositoryName, job: u64, annotations: Vec<Annotation>) {
        lock(&self.0).annotations.insert((repository.clone(), job), annotations);
    }

    /// Adds an artifact to every run of a repository, with its archive if there is one.
    pub fn put_artifact(&self, repository: &RepositoryName, artifact: RunArtifact, archive: Option<Vec<u8>>) {
        let mut content = lock(&self.0);
        if let Some(archive) = archive {
            content.archives.insert((repository.clone(), artifact.id), archive.into());
        }
        content.artifacts.entry(repository.clone()).or_default().push(artifact);
    }

    /// Makes the next call of the named method (`diff`, `job_log`…) fail; several errors are used in order.
    pub fn fail_next(&self, method: &'static str, error: PortError) {
        lock(&self.0).failures.push_back((method, error));
    }

    /// The names of the methods called so far, in order, including failed calls.
    pub fn calls(&self) -> Vec<&'static str> {
        lock(&self.0).calls.clone()
    }

    /// The bodies of the comments of a pull request, oldest first.
    pub fn comments(&self, id: &PullRequestId) -> Vec<String> {
        let content = lock(&self.0);
        let comments = content.comments.iter().filter(|comment| comment.pull_request == *id);
        comments.map(|comment| comment.body.clone()).collect()
    }

    /// Records the call and returns the scripted error, if any, or the content.
    fn call<T>(
        &self,
        method: &'static str,
        answer: impl FnOnce(&mut Content) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let mut content = lock(&self.0);
        content.calls.push(method);
        if let Some(index) = content.failures.iter().position(|(name, _)| *name == method)
            && let Some((_, error)) = content.failures.remove(index)
        {
            return Err(error);
        }
        answer(&mut content)
    }
}

fn missing(what: impl std::fmt::Display) -> PortError {
    PortError::new(ErrorKind::NotFound, format!("GitHub knows no {what}"))
}

/// Splits the content into small chunks, like a network.
fn in_pieces(content: &Bytes) -> ByteStream {
    let pieces: Vec<_> = content.chunks(1_000).map(|piece| Ok(content.slice_ref(piece))).collect();
    futures::stream::iter(pieces).boxed()
}

#[async_trait]
impl GitHub for ScriptedGitHub {
    async fn pull_request(&self, id: &PullRequestId) -> Result<PullRequest, PortError> {
        self.call("pull_request", |content| {
            content.pull_requests.get(id).cloned().ok_or_else(|| missing(format_args!("pull request {id}")))
        })
    }

    async fn pull_requests_at(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<PullRequestId>, PortError> {
        self.call("pull_requests_at", |content| {
            let at = content.pull_requests.values().filter(|pull_request| {
                pull_request.open
                    && pull_request.head_sha == *sha
                    && pull_request.id.repository == *repository
            });
            Ok(at.map(|pull_request| pull_request.id.clone()).collect())
        })
    }

    async fn diff(&self, id: &PullRequestId) -> Result<PullRequestDiff, PortError> {
        self.call("diff", |content| {
            content.diffs.get(id).cloned().ok_or_else(|| missing(format_args!("pull request {id}")))
        })
    }

    async fn runs(&self, repository: &RepositoryName, sha: &CommitSha) -> Result<CommitRuns, PortError> {
        self.call("runs", |content| {
            let commit = (repository.clone(), sha.clone());
            let jobs = content.failed_jobs.get(&commit).cloned();
            let run = jobs.map(|jobs| FailedRun { id: 1, name: "CI".to_owned(), started_at: None, jobs });
            let passed = usize::from(content.passed.contains(&commit));
            Ok(CommitRuns { failed: run.into_iter().collect(), passed, undecided: 0 })
        })
    }

    async fn job_log(&self, repository: &RepositoryName, job: u64) -> Result<ByteStream, PortError> {
        self.call("job_log", |content| {
            let log = content.logs.get(&(repository.clone(), job));
            log.map(in_pieces).ok_or_else(|| missing(format_args!("log of job {job}")))
        })
    }

    async fn run_artifacts(
        &self,
        repository: &RepositoryName,
        _run: &FailedRun,
    ) -> Result<Vec<RunArtifact>, PortError> {
        self.call("run_artifacts", |content| {
            Ok(content.artifacts.get(repository).cloned().unwrap_or_default())
        })
    }

    async fn artifact_archive(
        &self,
        repository: &RepositoryName,
        artifact: u64,
    ) -> Result<ByteStream, PortError> {
        self.call("artifact_archive", |content| {
            let archive = content.archives.get(&(repository.clone(), artifact));
            archive.map(in_pieces).ok_or_else(|| missing(format_args!("artifact {artifact}")))
        })
    }

    async fn annotations(&self, repository: &RepositoryName, job: u64) -> Result<Vec<Annotation>, PortError> {
        self.call("annotations", |content| {
            Ok(content.annotations.get(&(repository.clone(), job)).cloned().unwrap_or_default())
        })
    }

    async fn upsert_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
        body: &str,
    ) -> Result<PostedComment, PortError> {
        self.call("upsert_comment", |content| {
            let next = content.comments.len() as u64 + 1;
            let marked =
                |comment: &&mut Comment| comment.pull_request == *id && comment.body.contains(marker);
            if let Some(comment) = content.comments.iter_mut().find(marked) {
                body.clone_into(&mut comment.body);
                return Ok(comment.posted());
            }
            let comment = Comment { id: next, pull_request: id.clone(), body: body.to_owned() };
            let posted = comment.posted();
            content.comments.push(comment);
            Ok(posted)
        })
    }

    async fn find_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
    ) -> Result<Option<PostedComment>, PortError> {
        self.call("find_comment", |content| {
            let marked = |comment: &&Comment| comment.pull_request == *id && comment.body.contains(marker);
            Ok(content.comments.iter().find(marked).map(Comment::posted))
        })
    }
}

/// Accepts every request and reads the few fields of a payload that tests of use cases need.
#[derive(Debug, Clone, Copy, Default)]
pub struct OpenGate;

impl WebhookGate for OpenGate {
    fn verify(&self, _body: &[u8], _signature: Option<&str>) -> Result<(), PortError> {
        Ok(())
    }

    fn parse(&self, event: &str, body: &[u8]) -> Result<WebhookEvent, PortError> {
        let invalid = |message: String| PortError::new(ErrorKind::Invalid, message);
        let payload: Value = serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))?;
        if !payload.is_object() {
            return Err(invalid("the payload is not an object".to_owned()));
        }
        let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
        let repository = text("/repository/full_name").and_then(|name| RepositoryName::parse(name).ok());
        let subject = match event {
            "ping" => Some(Subject::Ping { zen: text("/zen").map(str::to_owned) }),
            "pull_request" => repository.clone().and_then(|name| pull_request(&payload, name)),
            "check_run" | "check_suite" | "workflow_run" | "workflow_job" => check_report(&payload[event]),
            _ => None,
        };
        Ok(WebhookEvent {
            event: event.to_owned(),
            action: text("/action").map(str::to_owned),
            repository,
            sender: text("/sender/login").map(str::to_owned),
            subject: subject.unwrap_or(Subject::Other),
        })
    }
}

fn pull_request(payload: &Value, repository: RepositoryName) -> Option<Subject> {
    let facts = payload.get("pull_request")?;
    let number = facts.get("number").or_else(|| payload.get("number"))?.as_u64()?;
    Some(Subject::PullRequest(PullRequestFacts {
        id: PullRequestId { repository, number },
        head_sha: facts
            .pointer("/head/sha")
            .and_then(Value::as_str)
            .and_then(|sha| CommitSha::parse(sha).ok()),
        draft: facts.get("draft").and_then(Value::as_bool).unwrap_or(false),
        open: facts.get("state").and_then(Value::as_str) != Some("closed"),
        title: facts.get("title").and_then(Value::as_str).map(str::to_owned),
    }))
}

fn check_report(check: &Value) -> Option<Subject> {
    let conclusion = check.get("conclusion").and_then(Value::as_str).map(str::to_owned);
    let listed = check.get("pull_requests").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    Some(Subject::CheckReport(CheckReport {
        head_sha: CommitSha::parse(check.get("head_sha")?.as_str()?).ok()?,
        failed: matches!(conclusion.as_deref(), Some("failure" | "timed_out" | "startup_failure" | "error")),
        passed: conclusion.as_deref() == Some("success"),
        conclusion,
        pull_requests: listed.iter().filter_map(|entry| entry.get("number")?.as_u64()).collect(),
        name: check.get("name").and_then(Value::as_str).map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_comment_is_edited_in_place_and_failures_come_as_scripted() {
        let github = ScriptedGitHub::default();
        let repository = RepositoryName::parse("octo/tools").expect("a valid name");
        let id = PullRequestId { repository, number: 7 };
        github.fail_next("upsert_comment", PortError::new(ErrorKind::Timeout, "no answer"));
        let failed = github.upsert_comment(&id, "<!-- m -->", "<!-- m --> one").await;
        assert_eq!(failed.expect_err("the script says so").kind(), ErrorKind::Timeout);
        let first =
            github.upsert_comment(&id, "<!-- m -->", "<!-- m --> one").await.expect("no failure left");
        let second =
            github.upsert_comment(&id, "<!-- m -->", "<!-- m --> two").await.expect("no failure left");
        assert_eq!(first, second);
        assert_eq!(github.comments(&id), ["<!-- m --> two"]);
        assert_eq!(github.find_comment(&id, "<!-- other -->").await.expect("no failure left"), None);
        assert_eq!(github.calls().len(), 4);
    }
}
