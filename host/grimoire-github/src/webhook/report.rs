//! Events in which CI reports on a commit.

use grimoire_domain::event::CheckReport;

use super::payload::{number_of, sha_of, text_of};
use super::sieve::Kept;
use crate::conclusion;

/// What CI said, where `event` is one in which it says something and the payload names the commit.
pub(super) fn check_report(event: &str, payload: &Kept<'_>) -> Option<CheckReport> {
    let subject = &payload[event];
    let name = match event {
        "check_run" | "workflow_run" => text_of(&subject["name"]),
        "check_suite" => text_of(&subject["app"]["name"]),
        "workflow_job" => match (text_of(&subject["workflow_name"]), text_of(&subject["name"])) {
            (Some(workflow), Some(job)) => Some(format!("{workflow} / {job}")),
            (workflow, job) => job.or(workflow),
        },
        // The only one of them that has no object of its own, and says `state` for `conclusion`.
        "status" => {
            let conclusion = text_of(&payload["state"]);
            return Some(CheckReport {
                head_sha: sha_of(&payload["sha"])?,
                failed: conclusion.as_deref().is_some_and(conclusion::is_failure),
                conclusion,
                pull_requests: Vec::new(),
                name: text_of(&payload["context"]),
            });
        }
        _ => return None,
    };
    let conclusion = text_of(&subject["conclusion"]);
    let ended = subject["status"].as_str().is_none_or(|status| status == "completed");
    Some(CheckReport {
        head_sha: sha_of(&subject["head_sha"])?,
        failed: ended && conclusion.as_deref().is_some_and(conclusion::is_failure),
        conclusion,
        pull_requests: pull_requests(subject, &payload["repository"]["id"]),
        name,
    })
}

/// The numbers of the listed pull requests, each once. GitHub also lists those that a branch of this
/// repository has in another one, whose numbers mean something else here: they are left out.
fn pull_requests(subject: &Kept<'_>, repository: &Kept<'_>) -> Vec<u64> {
    let mut numbers = Vec::new();
    for listed in subject["pull_requests"].entries() {
        let base = listed["base"]["repo"]["id"].as_u64();
        let elsewhere = base.zip(repository.as_u64()).is_some_and(|(base, repository)| base != repository);
        if let Some(number) = number_of(&listed["number"])
            && !elsewhere
            && !numbers.contains(&number)
        {
            numbers.push(number);
        }
    }
    numbers
}
