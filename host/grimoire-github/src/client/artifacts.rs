//! Artifacts of workflow runs: their list, and each one as a zip archive.

use std::collections::HashSet;

use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use grimoire_ports::github::{ByteStream, FailedRun, RunArtifact};

use super::jobs::shown;
use super::models::{self, Artifacts};
use super::origin::with_query;
use super::reading::Walk;
use super::storage::Storage;
use super::transport::Transport;

/// Maximum number of pages of a hundred artifacts. Actions keeps at most 500 per job.
const PAGES: usize = 5;

/// The artifacts of the latest attempt of a run. Those of earlier attempts are kept with the run too, but belong to
/// failures that may have been fixed.
pub(super) async fn run_artifacts(
    transport: &Transport,
    repository: &RepositoryName,
    run: &FailedRun,
) -> Result<Vec<RunArtifact>, PortError> {
    let list = transport.api.repository(repository, &["actions", "runs", &run.id.to_string(), "artifacts"]);
    let list = with_query(list, &[("per_page", "100")]);
    let mut all: Vec<models::Artifact> = Vec::new();
    let walk = transport
        .pages(list, PAGES, |page: Artifacts| {
            all.extend(page.artifacts.unwrap_or_default());
            all.len() < PAGES * 100
        })
        .await?;
    if walk == Walk::Cut {
        tracing::info!(%repository, run = run.id, "not all artifacts were looked at");
    }
    let is_earlier = |artifact: &models::Artifact| matches!((artifact.created_at, run.started_at), (Some(made), Some(started)) if made < started);
    all.retain(|artifact| !is_earlier(artifact));
    // Ids ascend, so the newest of several artifacts with one name comes first and is kept.
    all.sort_by_key(|artifact| std::cmp::Reverse(artifact.id));
    let mut names = HashSet::new();
    all.retain(|artifact| names.insert(artifact.name.clone()));
    Ok(all.iter().map(read).collect())
}

fn read(artifact: &models::Artifact) -> RunArtifact {
    RunArtifact {
        id: artifact.id,
        name: shown(artifact.name.as_deref().unwrap_or_default()),
        bytes: artifact.size_in_bytes.unwrap_or_default(),
        expired: artifact.expired.unwrap_or_default(),
    }
}

/// The zip archive of an artifact.
pub(super) async fn artifact_archive(
    transport: &Transport,
    storage: &Storage,
    repository: &RepositoryName,
    artifact: u64,
) -> Result<ByteStream, PortError> {
    let path = ["actions", "artifacts", &artifact.to_string(), "zip"];
    let url = transport.api.repository(repository, &path);
    storage.fetch(transport, &url, &format!("the artifact {artifact} of {repository}")).await
}
