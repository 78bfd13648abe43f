//! Events that report CI results for a commit.

use grimoire_domain::event::CheckReport;

use super::model::{Check, Payload, sha};
use crate::conclusion;

/// The CI result, if `event` reports one and the payload names the commit.
pub(super) fn check_report(event: &str, payload: &Payload) -> Option<CheckReport> {
    let (check, name) = match event {
        "check_run" => (&payload.check_run, payload.check_run.name.clone()),
        "check_suite" => (&payload.check_suite, payload.check_suite.app.name.clone()),
        "workflow_run" => (&payload.workflow_run, payload.workflow_run.name.clone()),
        "workflow_job" => (&payload.workflow_job, job_name(&payload.workflow_job)),
        "status" => return status(payload),
        _ => return None,
    };
    let ended = check.status.as_deref().is_none_or(|status| status == "completed");
    Some(CheckReport {
        head_sha: sha(check.head_sha.as_deref())?,
        failed: ended && check.conclusion.as_deref().is_some_and(conclusion::is_failure),
        passed: ended
            && matches!(event, "check_suite" | "workflow_run")
            && check.conclusion.as_deref() == Some("success"),
        conclusion: check.conclusion.clone(),
        pull_requests: pull_requests(check, payload.repository.id),
        name,
    })
}

fn job_name(job: &Check) -> Option<String> {
    match (&job.workflow_name, &job.name) {
        (Some(workflow), Some(job)) => Some(format!("{workflow} / {job}")),
        (workflow, job) => job.as_ref().or(workflow.as_ref()).cloned(),
    }
}

/// A commit status: the only report without its own object; its conclusion is in `state`.
fn status(payload: &Payload) -> Option<CheckReport> {
    Some(CheckReport {
        head_sha: sha(payload.sha.as_deref())?,
        failed: payload.state.as_deref().is_some_and(conclusion::is_failure),
        passed: false,
        conclusion: payload.state.clone(),
        pull_requests: Vec::new(),
        name: payload.context.clone(),
    })
}

/// The numbers of the listed pull requests, without duplicates. GitHub also lists pull requests from this
/// repository's branches to other repositories, whose numbers mean something else here: they are left out.
fn pull_requests(check: &Check, repository: Option<u64>) -> Vec<u64> {
    let mut numbers = Vec::new();
    for listed in &check.pull_requests {
        let elsewhere = listed.base.repo.id.zip(repository).is_some_and(|(base, here)| base != here);
        if let Some(number) = listed.number()
            && !elsewhere
            && !numbers.contains(&number)
        {
            numbers.push(number);
        }
    }
    numbers
}
