//! Artifacts of runs.

use serde_json::{Value, json};

use super::handles::PullRequestHandle;
use super::shapes::moment;
use super::state::{Artifact, Repository};
use crate::archive::packed;

impl PullRequestHandle {
    /// Adds an artifact with these files and contents to the run of the last job of this name.
    ///
    /// # Panics
    /// If there is no such job.
    #[must_use]
    pub fn keeping(self, job: &str, name: &str, files: &[(&str, &str)]) -> Self {
        self.artifact(job, name, Some(packed(files)))
    }

    /// Adds an artifact with these bytes in place of an archive to the run of the last job of this name.
    ///
    /// # Panics
    /// If there is no such job.
    #[must_use]
    pub fn keeping_bytes(self, job: &str, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.artifact(job, name, Some(bytes.into()))
    }

    /// Adds an expired artifact to the run of the last job of this name.
    ///
    /// # Panics
    /// If there is no such job.
    #[must_use]
    pub fn having_kept(self, job: &str, name: &str) -> Self {
        self.artifact(job, name, None)
    }

    fn artifact(self, job: &str, name: &str, archive: Option<Vec<u8>>) -> Self {
        let job = self.job_id(job);
        let mut state = self.shared.state();
        let (id, created_at) = (state.next_id(), state.tick());
        let repository = state.repository(&self.repository);
        let run = repository.jobs[&job].run;
        let artifact = Artifact { id, run, name: name.to_owned(), archive, created_at };
        repository.artifacts.insert(id, artifact);
        drop(state);
        self
    }

    /// The id of the last artifact of this name.
    ///
    /// # Panics
    /// If there is none.
    pub fn artifact_id(&self, name: &str) -> u64 {
        let mut state = self.shared.state();
        let mut artifacts = state.repository(&self.repository).artifacts.values();
        artifacts.rfind(|artifact| artifact.name == name).expect("an artifact of that name was added").id
    }
}

/// An artifact in the API's form.
pub(super) fn shape(home: &Repository, artifact: &Artifact, api: &str) -> Value {
    let run = &home.runs[&artifact.run];
    let url = format!("{api}/repos/{}/actions/artifacts/{}", home.full_name(), artifact.id);
    json!({
        "id": artifact.id,
        "node_id": format!("MDg6{}", artifact.id),
        "name": artifact.name,
        "size_in_bytes": artifact.archive.as_ref().map_or(0, Vec::len),
        "url": url,
        "archive_download_url": format!("{url}/zip"),
        "expired": artifact.archive.is_none(),
        "created_at": moment(artifact.created_at),
        "updated_at": moment(artifact.created_at),
        "workflow_run": {"id": run.id, "head_branch": run.branch, "head_sha": run.head_sha},
    })
}
