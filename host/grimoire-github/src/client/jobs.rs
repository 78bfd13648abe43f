//! Workflow runs and their failed jobs.

use grimoire_domain::repository::{CommitSha, RepositoryName};
use grimoire_domain::{secrets, text};
use grimoire_ports::PortError;
use grimoire_ports::github::{CommitRuns, FailedJob, FailedRun};

use super::models::{Jobs, Run, Runs};
use super::origin::with_query;
use super::reading::Walk;
use super::transport::Transport;
use crate::conclusion;

/// Maximum number of pages of a hundred runs, and of a hundred jobs of one run. GitHub returns at most
/// a thousand runs and starts at most 256 jobs of a matrix.
const PAGES: usize = 10;
/// Maximum number of pages of jobs of all runs together, and of failed jobs. The newest runs come first.
const JOB_PAGES: usize = 100;
const FAILED_JOBS: usize = 1_000;
/// Maximum length of the name of a workflow or job in bytes.
const NAME: usize = 1_000;

pub(super) async fn runs(
    transport: &Transport,
    repository: &RepositoryName,
    sha: &CommitSha,
) -> Result<CommitRuns, PortError> {
    let list = transport.api.repository(repository, &["actions", "runs"]);
    let list = with_query(list, &[("head_sha", sha.as_str()), ("per_page", "100")]);
    let mut runs = Vec::new();
    let walk = transport
        .pages(list, PAGES, |page: Runs| {
            runs.extend(page.workflow_runs.unwrap_or_default());
            runs.len() < PAGES * 100
        })
        .await?;
    if walk == Walk::Cut {
        tracing::info!(%repository, %sha, "not all workflow runs were looked at");
    }

    let passed = runs.iter().filter(|run| run.conclusion.as_deref() == Some("success")).count();
    let mut undecided = usize::from(walk == Walk::Cut);
    let mut failed = Vec::new();
    let (mut pages_left, mut jobs_left) = (JOB_PAGES, FAILED_JOBS);
    for run in runs.into_iter().filter(may_have_failed_jobs) {
        if pages_left == 0 || jobs_left == 0 {
            undecided += 1;
            continue;
        }
        let workflow = shown(&run.name.unwrap_or_default());
        let list = transport.api.repository(repository, &["actions", "runs", &run.id.to_string(), "jobs"]);
        let list = with_query(list, &[("filter", "latest"), ("per_page", "100")]);
        let mut jobs: Vec<FailedJob> = Vec::new();
        transport
            .pages(list, PAGES.min(pages_left), |page: Jobs| {
                pages_left -= 1;
                for job in page.jobs.unwrap_or_default() {
                    if job.conclusion.as_deref().is_some_and(conclusion::is_failure) {
                        let name = name_of(&workflow, job.name.as_deref());
                        jobs.push(FailedJob { id: job.id, name, page: job.html_url });
                    }
                }
                jobs.len() < jobs_left
            })
            .await?;
        if jobs.is_empty() {
            undecided += 1;
            continue;
        }
        jobs.truncate(jobs_left);
        jobs_left -= jobs.len();
        jobs.sort_by_key(|job| job.id);
        jobs.dedup_by_key(|job| job.id);
        failed.push(FailedRun { id: run.id, name: workflow, started_at: run.started_at, jobs });
    }
    failed.sort_by_key(|run| run.id);
    failed.dedup_by_key(|run| run.id);
    Ok(CommitRuns { failed, passed, undecided })
}

/// A run that is in progress or was cancelled may already have failed jobs.
fn may_have_failed_jobs(run: &Run) -> bool {
    !matches!(run.conclusion.as_deref(), Some("success" | "skipped" | "neutral"))
}

/// A name as it is shown and stored. Whoever writes a workflow chooses it.
pub(super) fn shown(name: &str) -> String {
    text::cut(&secrets::mask(&text::displayable(name)), NAME).to_owned()
}

fn name_of(workflow: &str, job: Option<&str>) -> String {
    let job = job.map(shown);
    match (workflow, job) {
        ("", job) => job.unwrap_or_else(|| "unnamed job".to_owned()),
        (workflow, None) => workflow.to_owned(),
        (workflow, Some(job)) => format!("{workflow} / {job}"),
    }
}
