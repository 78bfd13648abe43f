//! A pipeline with fakes, and helpers to fill it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::job::{Job, JobId, JobState};
use grimoire_domain::page::PageRequest;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::{PostedComment, ReviewKey};
use grimoire_domain::spell::{Spell, SpellFields};
use grimoire_jobs::{Runner, RunnerSettings, Tick};
use grimoire_pipeline::{Ingested, Pipeline, Ports, Settings, WebhookRequest};
use grimoire_ports::PortError;
use grimoire_ports::fakes::{
    ManualClock, MemorySearch, MemoryStore, OpenGate, ScriptedAnalyzers, ScriptedFiles, ScriptedGitHub,
    ScriptedPlugins,
};
use grimoire_ports::github::{
    Annotation, ByteStream, CommitRuns, FailedJob, FailedRun, GitHub, PullRequest, PullRequestDiff,
    RunArtifact,
};
use grimoire_ports::store::{JobFilter, ReviewStore as _};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(crate) const DIFF: &str = "diff --git a/src/main.rs b/src/main.rs\n--- a/src/main.rs\n+++ b/src/main.rs\n@@ -1 +1,2 @@\n fn main() {}\n+// more\n";
pub(crate) const LOG: &str =
    "Compiling app\nerror[E0382]: use of moved value: `names`\nerror[E0999]: something nobody knows\n";

/// A pipeline with everything that it depends on.
pub(crate) struct World {
    pub(crate) store: MemoryStore,
    pub(crate) clock: ManualClock,
    pub(crate) github: ScriptedGitHub,
    pub(crate) analyzers: ScriptedAnalyzers,
    pub(crate) pipeline: Pipeline,
    pub(crate) runner: Runner,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), |_| {})
    }

    /// A world with some of the default ports replaced.
    pub(crate) fn with(settings: Settings, change: impl FnOnce(&mut Ports)) -> Self {
        let clock = ManualClock::default();
        let store = MemoryStore::with_clock(clock.clone());
        let github = ScriptedGitHub::default();
        let analyzers = ScriptedAnalyzers::default();
        let mut ports = Ports {
            store: Arc::new(store.clone()),
            search: Arc::new(MemorySearch::new(store.clone())),
            plugins: Arc::new(ScriptedPlugins::analyzing(analyzers.clone())),
            derived_files: None,
            plugin_files: Arc::new(ScriptedFiles::default()),
            gate: Arc::new(OpenGate),
            github: Some(Arc::new(github.clone())),
            clock: Arc::new(clock.clone()),
        };
        change(&mut ports);
        let pipeline = Pipeline::new(ports, settings);
        let runner = pipeline.runner(RunnerSettings::default());
        Self { store, clock, github, analyzers, pipeline, runner }
    }

    /// Another pipeline over the store, the clock and GitHub of `world`.
    pub(crate) fn over(world: &Self, change: impl FnOnce(&mut Ports)) -> Self {
        let (store, clock, github) = (world.store.clone(), world.clock.clone(), world.github.clone());
        let other = Self::with(Settings::default(), |ports| {
            ports.store = Arc::new(store.clone());
            ports.search = Arc::new(MemorySearch::new(store));
            ports.clock = Arc::new(clock);
            ports.github = Some(Arc::new(github));
            change(ports);
        });
        Self { store: world.store.clone(), clock: world.clock.clone(), github: world.github.clone(), ..other }
    }

    /// Creates the spell that matches the first error of [`LOG`] and shares no word with the second.
    pub(crate) async fn moved_value_spell(&self) -> Spell {
        self.pipeline.create_spell(moved_value(), &Actor::COMMAND_LINE).await.expect("valid").value
    }

    /// Puts an open pull request on GitHub whose job `build` failed at its head with this log.
    pub(crate) fn failing_pull_request(&self, number: u64, head: &CommitSha, log: Option<&str>) {
        self.put_pull_request(number, head, true);
        let job = FailedJob { id: 70 + number, name: "build".to_owned(), page: None };
        self.github.put_failed_job(&repository(), head, job, log);
    }

    pub(crate) fn put_pull_request(&self, number: u64, head: &CommitSha, open: bool) {
        let id = pull_request(number);
        let title = "A change".to_owned();
        self.github.put_pull_request(
            PullRequest { id, head_sha: head.clone(), open, draft: false, title, labels: Vec::new() },
            DIFF,
        );
    }

    /// Ingests a webhook request with the given delivery id.
    pub(crate) async fn deliver(&self, id: &str, event: &str, payload: &Value) -> Ingested {
        self.pipeline.ingest(request(id, event, payload)).await.expect("a good request")
    }

    /// Opens a pull request at a commit and returns the job that reviews it.
    pub(crate) async fn opened(&self, number: u64, head: &CommitSha) -> JobId {
        let payload = pull_request_payload("opened", number, head);
        let delivery = format!("opened-{number}-{}", head.short());
        self.deliver(&delivery, "pull_request", &payload).await.receipt().job_id.expect("a job")
    }

    /// Runs jobs until none is due.
    pub(crate) async fn run_due(&self) {
        while self.runner.tick().await.expect("the store works") != Tick::Idle {}
    }

    /// Runs jobs, moving the clock, until none is waiting.
    pub(crate) async fn run_all(&self) {
        for _ in 0..1_000 {
            self.run_due().await;
            let counts = grimoire_ports::store::JobStore::count_jobs(&self.store).await.expect("counts");
            if counts.open() == 0 {
                return;
            }
            self.clock.advance(Duration::from_secs(30));
        }
        panic!("jobs do not come to an end");
    }

    pub(crate) async fn job(&self, id: JobId) -> Job {
        self.pipeline.get_job(id, &Actor::COMMAND_LINE).await.expect("the job exists")
    }

    pub(crate) async fn state(&self, id: JobId) -> JobState {
        self.job(id).await.state
    }

    /// The newest job that publishes a review.
    pub(crate) async fn publisher(&self) -> JobId {
        let publishers = JobFilter { kind: Some("publish_review".to_owned()), ..JobFilter::default() };
        let jobs = self
            .pipeline
            .list_jobs(&publishers, PageRequest::default(), &Actor::COMMAND_LINE)
            .await
            .expect("listed");
        jobs.items.first().expect("a review is to be told").id
    }

    /// Number of publications in the outbox for pull request 7.
    pub(crate) async fn publications(&self) -> usize {
        self.store.publications(&pull_request(7)).await.expect("read").len()
    }

    /// The steps of a job's events so far.
    pub(crate) async fn steps(&self, id: JobId) -> Vec<String> {
        let events = grimoire_ports::store::JobStore::events_after(&self.store, id, 0, 1_000).await;
        events.expect("the job exists").into_iter().map(|event| event.step).collect()
    }
}

pub(crate) fn repository() -> RepositoryName {
    RepositoryName::parse("octo/app").expect("valid")
}

pub(crate) fn pull_request(number: u64) -> PullRequestId {
    PullRequestId { repository: repository(), number }
}

/// A commit whose SHA repeats one digit.
pub(crate) fn commit(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).expect("valid")
}

pub(crate) fn review_key(number: u64, head: &CommitSha) -> ReviewKey {
    ReviewKey { pull_request: pull_request(number), head_sha: head.clone() }
}

pub(crate) fn moved_value() -> SpellFields {
    SpellFields {
        key: Some("moved-value".to_owned()),
        title: "Use of a moved value".to_owned(),
        description: "A value was used after its ownership moved away.".to_owned(),
        error_type: "E0382".to_owned(),
        error_pattern: r"use of moved value: `\w+`".to_owned(),
        solution_code: "let copy = names.clone();".to_owned(),
        ..SpellFields::default()
    }
}

/// A spell about one word.
pub(crate) fn spell_about(word: &str) -> SpellFields {
    SpellFields {
        title: format!("About {word}"),
        description: format!("What {word} means."),
        error_type: word.to_owned(),
        error_pattern: format!("text:{word}"),
        solution_code: format!("mend {word}"),
        ..SpellFields::default()
    }
}

pub(crate) fn request(id: &str, event: &str, payload: &Value) -> WebhookRequest {
    WebhookRequest {
        event: Some(event.to_owned()),
        delivery: Some(id.to_owned()),
        signature: None,
        body: Bytes::from(payload.to_string()),
        payload: None,
        headers: BTreeMap::new(),
    }
}

pub(crate) fn pull_request_payload(action: &str, number: u64, head: &CommitSha) -> Value {
    let state = if action == "closed" { "closed" } else { "open" };
    json!({
        "action": action,
        "number": number,
        "pull_request": { "number": number, "state": state, "draft": false, "head": { "sha": head } },
        "repository": { "full_name": repository() },
    })
}

pub(crate) fn check_payload(conclusion: &str, head: &CommitSha, numbers: &[u64]) -> Value {
    let listed: Vec<Value> = numbers.iter().map(|number| json!({ "number": number })).collect();
    json!({
        "action": "completed",
        "check_run": { "head_sha": head, "conclusion": conclusion, "name": "build", "pull_requests": listed },
        "repository": { "full_name": repository() },
    })
}

pub(crate) fn log_artifact() -> Artifact {
    Artifact { kind: ArtifactKind::Log, name: "build".to_owned(), size: None }
}

pub(crate) fn bytes_of(text: &str) -> ByteStream {
    let pieces: Vec<_> = text.as_bytes().chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces).boxed()
}

/// Runs asynchronous code inside a property test.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
}

/// GitHub whose diff arrives only after a permit; counts the waiting calls.
#[derive(Clone)]
pub(crate) struct SlowGitHub {
    pub(crate) inner: ScriptedGitHub,
    pub(crate) permits: Arc<Semaphore>,
    pub(crate) waiting: Arc<Semaphore>,
}

impl SlowGitHub {
    pub(crate) fn new(inner: ScriptedGitHub) -> Self {
        Self { inner, permits: Arc::new(Semaphore::new(0)), waiting: Arc::new(Semaphore::new(0)) }
    }

    /// Returns once one more call is waiting.
    pub(crate) async fn wait_until_called(&self) {
        self.waiting.acquire().await.expect("never closed").forget();
    }

    pub(crate) fn let_one_go(&self) {
        self.permits.add_permits(1);
    }
}

#[async_trait]
impl GitHub for SlowGitHub {
    async fn pull_request(&self, id: &PullRequestId) -> Result<PullRequest, PortError> {
        self.inner.pull_request(id).await
    }

    async fn pull_requests_at(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<PullRequestId>, PortError> {
        self.inner.pull_requests_at(repository, sha).await
    }

    async fn diff(&self, id: &PullRequestId) -> Result<PullRequestDiff, PortError> {
        self.waiting.add_permits(1);
        self.permits.acquire().await.expect("never closed").forget();
        self.inner.diff(id).await
    }

    async fn runs(&self, repository: &RepositoryName, sha: &CommitSha) -> Result<CommitRuns, PortError> {
        self.inner.runs(repository, sha).await
    }

    async fn run_artifacts(
        &self,
        repository: &RepositoryName,
        run: &FailedRun,
    ) -> Result<Vec<RunArtifact>, PortError> {
        self.inner.run_artifacts(repository, run).await
    }

    async fn artifact_archive(
        &self,
        repository: &RepositoryName,
        artifact: u64,
    ) -> Result<ByteStream, PortError> {
        self.inner.artifact_archive(repository, artifact).await
    }

    async fn job_log(&self, repository: &RepositoryName, job: u64) -> Result<ByteStream, PortError> {
        self.inner.job_log(repository, job).await
    }

    async fn annotations(&self, repository: &RepositoryName, job: u64) -> Result<Vec<Annotation>, PortError> {
        self.inner.annotations(repository, job).await
    }

    async fn upsert_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
        body: &str,
    ) -> Result<PostedComment, PortError> {
        self.inner.upsert_comment(id, marker, body).await
    }

    async fn find_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
    ) -> Result<Option<PostedComment>, PortError> {
        self.inner.find_comment(id, marker).await
    }
}
