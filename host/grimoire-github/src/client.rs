//! A thin client of GitHub's REST API: the few calls that Grimoire makes, with its own rules for
//! redirects, retries, sizes and deadlines.

mod address;
mod annotations;
mod artifacts;
mod cache;
mod comments;
mod config;
mod diff;
mod installation;
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
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_domain::review::PostedComment;
use grimoire_ports::PortError;
use grimoire_ports::clock::{Clock, SystemClock};
use grimoire_ports::github::{
    Annotation, ByteStream, CommitRuns, FailedRun, GitHub, PullRequest, PullRequestDiff, RunArtifact,
};

pub use config::{Caps, Config, DEFAULT_STORAGE_HOSTS, PUBLIC_API, Timeouts};
pub use origin::web_pages;

use installation::Installations;
use storage::Storage;
use transport::{Connection, Transport};

/// The calls of [`GitHub`] over HTTP. Each uses the installation of the repository in question.
pub struct GitHubClient {
    installations: Installations,
    storage: Storage,
    connection: Arc<Connection>,
}

impl GitHubClient {
    /// Creates a client with the machine's clock.
    ///
    /// Fails with `Invalid` if `config` breaks one of its rules, and with `Internal` if the machine
    /// has no trusted root certificates.
    pub fn new(config: Config) -> Result<Self, PortError> {
        Self::with_clock(config, Arc::new(SystemClock))
    }

    /// Creates a client that uses `clock` for waits between retries, between writes and for rate
    /// limits. Connection timeouts are still in real time.
    pub fn with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<Self, PortError> {
        install_tls_provider();
        let connection = Arc::new(Connection::new(&config, clock)?);
        Ok(Self {
            storage: Storage::new(&config)?,
            installations: Installations::new(config, &connection)?,
            connection,
        })
    }

    /// The transport with the credentials, the rate limit and the cache of a repository.
    fn transport(&self, repository: &RepositoryName) -> Result<&Transport, PortError> {
        Ok(&self.installations.of(repository)?.transport)
    }
}

impl std::fmt::Debug for GitHubClient {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("GitHubClient")
            .field("api", &self.connection.api.base().as_str())
            .finish_non_exhaustive()
    }
}

/// The HTTP client panics without a cryptography provider. The binary installs one; other users of
/// a client, such as tests, need not care.
fn install_tls_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails only if another thread was faster, which is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[async_trait]
impl GitHub for GitHubClient {
    async fn pull_request(&self, id: &PullRequestId) -> Result<PullRequest, PortError> {
        pulls::pull_request(self.transport(&id.repository)?, id).await
    }

    async fn pull_requests_at(
        &self,
        repository: &RepositoryName,
        sha: &CommitSha,
    ) -> Result<Vec<PullRequestId>, PortError> {
        pulls::pull_requests_at(self.transport(repository)?, repository, sha).await
    }

    async fn diff(&self, id: &PullRequestId) -> Result<PullRequestDiff, PortError> {
        diff::diff(self.transport(&id.repository)?, id).await
    }

    async fn runs(&self, repository: &RepositoryName, sha: &CommitSha) -> Result<CommitRuns, PortError> {
        jobs::runs(self.transport(repository)?, repository, sha).await
    }

    async fn job_log(&self, repository: &RepositoryName, job: u64) -> Result<ByteStream, PortError> {
        logs::job_log(self.transport(repository)?, &self.storage, repository, job).await
    }

    async fn run_artifacts(
        &self,
        repository: &RepositoryName,
        run: &FailedRun,
    ) -> Result<Vec<RunArtifact>, PortError> {
        artifacts::run_artifacts(self.transport(repository)?, repository, run).await
    }

    async fn artifact_archive(
        &self,
        repository: &RepositoryName,
        artifact: u64,
    ) -> Result<ByteStream, PortError> {
        artifacts::artifact_archive(self.transport(repository)?, &self.storage, repository, artifact).await
    }

    async fn annotations(&self, repository: &RepositoryName, job: u64) -> Result<Vec<Annotation>, PortError> {
        annotations::annotations(self.transport(repository)?, repository, job).await
    }

    async fn upsert_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
        body: &str,
    ) -> Result<PostedComment, PortError> {
        comments::upsert(self.installations.of(&id.repository)?, id, marker, body).await
    }

    async fn find_comment(
        &self,
        id: &PullRequestId,
        marker: &str,
    ) -> Result<Option<PostedComment>, PortError> {
        Ok(comments::find(self.installations.of(&id.repository)?, id, marker).await?.map(Into::into))
    }
}
