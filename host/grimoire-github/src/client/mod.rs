//! A thin client of GitHub's REST interface: the few calls that Grimoire makes, over HTTP whose
//! redirects, retries, sizes and deadlines are judged here.

mod address;
mod annotations;
mod artifacts;
mod cache;
mod comments;
mod config;
mod diff;
mod jobs;
mod limits;
mod link;
mod logs;
mod models;
mod origin;
mod pulls;
mod reading;
mod refusal;
mod storage;
mod targets;
mod transport;

use std::sync::Arc;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::PostedComment;
use grimoire_ports::PortError;
use grimoire_ports::clock::{Clock, SystemClock};
use grimoire_ports::github::{
    Annotation, ByteStream, FailedRun, GitHub, PullRequest, PullRequestDiff, RunArtifact,
};
use tokio::sync::{Mutex, OnceCell};

pub use config::{Caps, Config, DEFAULT_STORAGE_HOSTS, PUBLIC_API, Timeouts};

use comments::Account;
use storage::Storage;
use transport::Transport;

/// The calls of [`GitHub`] over HTTP, with one token for one API.
pub struct GitHubClient {
    transport: Transport,
    storage: Storage,
    /// Whose token it is; asked for once.
    account: OnceCell<Account>,
    /// When something was last written. Held while writing: one write at a time, as GitHub asks.
    last_write: Mutex<Option<Timestamp>>,
}

impl GitHubClient {
    /// A client that waits by the machine's clock.
    ///
    /// `Invalid` where `config` breaks one of its rules, `Internal` where the machine has no trusted
    /// root certificates.
    pub fn new(config: Config) -> Result<Self, PortError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// A client that waits by `clock`: between tries, between writes and for rate limits. Timeouts of
    /// connections are real time nevertheless.
    pub fn with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        install_tls_provider();
        Ok(Self {
            storage: Storage::new(&config)?,
            transport: Transport::new(config, clock)?,
            account: OnceCell::new(),
            last_write: Mutex::new(None),
        })
    }
}

impl std::fmt::Debug for GitHubClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("GitHubClient")
            .field("api", &self.transport.api.base().as_str())
            .finish_non_exhaustive()
    }
}

/// The HTTP client panics without a provider of cryptography. The binary installs one; whoever else
/// builds a client, such as a test, need not know of it.
fn install_tls_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails only where another thread was faster, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[async_trait]
impl GitHub for GitHubClient {
    async fn pull_request(&self, id: &PullRequestId) -> Result<PullRequest, PortError> {
        pulls::pull_request(&self.transport, id).await
    }

    async fn pull_requests_at(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<PullRequestId>, PortError> {
        pulls::pull_requests_at(&self.transport, repository, sha).await
    }

    async fn diff(&self, id: &PullRequestId) -> Result<PullRequestDiff, PortError> {
        diff::diff(&self.transport, id).await
    }

    async fn failed_runs(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<FailedRun>, PortError> {
        jobs::failed_runs(&self.transport, repository, sha).await
    }

    async fn job_log(&self, repository: &RepositoryName, job: u64) -> Result<ByteStream, PortError> {
        logs::job_log(&self.transport, &self.storage, repository, job).await
    }

    async fn run_artifacts(
        &self,
        repository: &RepositoryName,
        run: &FailedRun,
    ) -> Result<Vec<RunArtifact>, PortError> {
        artifacts::run_artifacts(&self.transport, repository, run).await
    }

    async fn artifact_archive(
        &self,
        repository: &RepositoryName,
        artifact: u64,
    ) -> Result<ByteStream, PortError> {
        artifacts::artifact_archive(&self.transport, &self.storage, repository, artifact).await
    }

    async fn annotations(&self, repository: &RepositoryName, job: u64) -> Result<Vec<Annotation>, PortError> {
        annotations::annotations(&self.transport, repository, job).await
    }

    async fn upsert_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
        body: &str,
    ) -> Result<PostedComment, PortError> {
        comments::upsert(self, id, marker, body).await
    }

    async fn find_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
    ) -> Result<Option<PostedComment>, PortError> {
        Ok(comments::find(self, id, marker).await?.map(Into::into))
    }
}
