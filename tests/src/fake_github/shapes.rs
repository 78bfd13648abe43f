//! GitHub's objects as JSON: the same in responses and in payloads.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::state::{ChangedFile, Comment, Job, Pull, Repository, Run, State, sha_of};

pub(super) fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn user(state: &State, login: &str, api: &str) -> Value {
    json!({
        "login": login,
        "id": state.users.get(login),
        "node_id": format!("U_{}", &sha_of(login)[..12]),
        "avatar_url": "",
        "url": format!("{api}/users/{login}"),
        "html_url": format!("https://github.com/{login}"),
        "type": if login.ends_with("[bot]") { "Bot" } else { "User" },
        "user_view_type": "public",
        "site_admin": false,
    })
}

pub(super) fn repository(state: &State, repository: &Repository, api: &str) -> Value {
    let full_name = repository.full_name();
    json!({
        "id": repository.id,
        "node_id": format!("R_{}", &sha_of(&full_name)[..12]),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.private,
        "owner": user(state, &repository.owner, api),
        "html_url": format!("https://github.com/{full_name}"),
        "description": null,
        "fork": false,
        "url": format!("{api}/repos/{full_name}"),
        "default_branch": "main",
        "visibility": if repository.private { "private" } else { "public" },
        "archived": false,
        "topics": [],
    })
}

pub(super) fn pull(state: &State, home: &Repository, pull: &Pull, api: &str) -> Value {
    let full_name = home.full_name();
    let url = format!("{api}/repos/{full_name}/pulls/{}", pull.number);
    let head_owner = pull.head_repository.as_deref().and_then(|name| name.split('/').next());
    let head_repository = match &pull.head_repository {
        None => Value::Null,
        Some(name) if *name == full_name => repository(state, home, api),
        Some(name) => json!({
            "id": u64::from_str_radix(&sha_of(name)[..8], 16).unwrap_or_default(),
            "name": name.split('/').next_back(),
            "full_name": name,
            "owner": head_owner.map(|owner| user(state, owner, api)),
            "fork": true,
            "private": false,
        }),
    };
    json!({
        "url": url,
        "id": pull.id,
        "node_id": format!("PR_{}", pull.id),
        "html_url": format!("https://github.com/{full_name}/pull/{}", pull.number),
        "diff_url": format!("https://github.com/{full_name}/pull/{}.diff", pull.number),
        "issue_url": format!("{api}/repos/{full_name}/issues/{}", pull.number),
        "number": pull.number,
        "state": if pull.open { "open" } else { "closed" },
        "locked": false,
        "title": pull.title,
        "user": user(state, &pull.author, api),
        "body": null,
        "created_at": moment(pull.created_at),
        "updated_at": moment(pull.updated_at),
        "closed_at": if pull.open { Value::Null } else { moment(pull.updated_at).into() },
        "merged_at": null,
        "assignees": [],
        "labels": [],
        "draft": pull.draft,
        "head": {
            "label": format!("{}:{}", head_owner.unwrap_or("unknown"), pull.branch),
            "ref": pull.branch,
            "sha": pull.head(),
            "user": head_owner.map(|owner| user(state, owner, api)),
            "repo": head_repository,
        },
        "base": {
            "label": format!("{}:main", home.owner),
            "ref": "main",
            "sha": sha_of(&format!("{full_name}@main")),
            "user": user(state, &home.owner, api),
            "repo": repository(state, home, api),
        },
        "author_association": "CONTRIBUTOR",
        "auto_merge": null,
        "active_lock_reason": null,
        "merged": false,
        "mergeable": null,
        "mergeable_state": "unknown",
        "comments": home.comments.values().filter(|comment| comment.pull == pull.number).count(),
        "commits": pull.heads.len(),
        "changed_files": pull.files.len(),
    })
}

pub(super) fn file(file: &ChangedFile) -> Value {
    let count = |sign: char| {
        file.patch.iter().flat_map(|patch| patch.lines()).filter(|line| line.starts_with(sign)).count()
    };
    let (additions, deletions) = (count('+'), count('-'));
    let mut value = json!({
        "sha": sha_of(&file.path),
        "filename": file.path,
        "status": file.status,
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
    });
    if let Some(patch) = &file.patch {
        value["patch"] = patch.clone().into();
    }
    if let Some(previous) = &file.previous {
        value["previous_filename"] = previous.clone().into();
    }
    value
}

fn status_of(conclusion: Option<&str>) -> &'static str {
    if conclusion.is_some() { "completed" } else { "in_progress" }
}

fn listed(home: &Repository, run: &Run, api: &str) -> Vec<Value> {
    let full_name = home.full_name();
    let base = json!({"id": home.id, "url": format!("{api}/repos/{full_name}"), "name": home.name});
    let entry = |number: &u64| {
        json!({
            "url": format!("{api}/repos/{full_name}/pulls/{number}"),
            "id": home.pulls[number].id,
            "number": number,
            "head": {"ref": run.branch, "sha": run.head_sha, "repo": base},
            "base": {"ref": "main", "sha": sha_of(&format!("{full_name}@main")), "repo": base},
        })
    };
    run.pulls.iter().map(entry).collect()
}

pub(super) fn run(state: &State, home: &Repository, run: &Run, api: &str) -> Value {
    let conclusion = home.conclusion_of(run.id);
    let (attempt, began) = home.latest_attempt(run.id);
    let url = format!("{api}/repos/{}/actions/runs/{}", home.full_name(), run.id);
    json!({
        "id": run.id,
        "name": run.name,
        "node_id": format!("WFR_{}", run.id),
        "check_suite_id": run.id + 1_000_000,
        "head_branch": run.branch,
        "head_sha": run.head_sha,
        "path": ".github/workflows/ci.yml",
        "display_title": run.name,
        "run_number": 1,
        "run_attempt": attempt,
        "run_started_at": moment(began.unwrap_or(run.created_at)),
        "event": "pull_request",
        "status": status_of(conclusion),
        "conclusion": conclusion,
        "workflow_id": 1,
        "url": url,
        "html_url": format!("https://github.com/{}/actions/runs/{}", home.full_name(), run.id),
        "pull_requests": listed(home, run, api),
        "created_at": moment(run.created_at),
        "updated_at": moment(run.created_at),
        "actor": user(state, &home.owner, api),
        "jobs_url": format!("{url}/jobs"),
        "logs_url": format!("{url}/logs"),
    })
}

pub(super) fn job(home: &Repository, job: &Job, api: &str) -> Value {
    let full_name = home.full_name();
    let run = &home.runs[&job.run];
    let url = format!("{api}/repos/{full_name}/actions/jobs/{}", job.id);
    json!({
        "id": job.id,
        "run_id": job.run,
        "workflow_name": run.name,
        "head_branch": run.branch,
        "run_url": format!("{api}/repos/{full_name}/actions/runs/{}", job.run),
        "run_attempt": job.attempt,
        "node_id": format!("CR_{}", job.id),
        "head_sha": run.head_sha,
        "url": url,
        "html_url": format!("https://github.com/{full_name}/actions/runs/{}/job/{}", job.run, job.id),
        "status": status_of(job.conclusion.as_deref()),
        "conclusion": job.conclusion,
        "created_at": moment(job.created_at),
        "started_at": moment(job.created_at),
        "completed_at": job.conclusion.as_ref().map(|_| moment(job.created_at)),
        "name": job.name,
        "steps": [{
            "name": format!("Run {}", job.name),
            "status": status_of(job.conclusion.as_deref()),
            "conclusion": job.conclusion,
            "number": 2,
        }],
        "check_run_url": format!("{api}/repos/{full_name}/check-runs/{}", job.id),
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
    })
}

pub(super) fn check_run(home: &Repository, job: &Job, api: &str) -> Value {
    let full_name = home.full_name();
    let run = &home.runs[&job.run];
    let url = format!("{api}/repos/{full_name}/check-runs/{}", job.id);
    json!({
        "id": job.id,
        "name": job.name,
        "node_id": format!("CR_{}", job.id),
        "head_sha": run.head_sha,
        "external_id": "",
        "url": url,
        "html_url": format!("https://github.com/{full_name}/actions/runs/{}/job/{}", job.run, job.id),
        "details_url": format!("https://github.com/{full_name}/actions/runs/{}/job/{}", job.run, job.id),
        "status": status_of(job.conclusion.as_deref()),
        "conclusion": job.conclusion,
        "started_at": moment(job.created_at),
        "completed_at": job.conclusion.as_ref().map(|_| moment(job.created_at)),
        "output": {
            "title": null,
            "summary": null,
            "text": null,
            "annotations_count": job.annotations.len(),
            "annotations_url": format!("{url}/annotations"),
        },
        "check_suite": {"id": run.id + 1_000_000},
        "app": app(),
        "pull_requests": listed(home, run, api),
    })
}

fn app() -> Value {
    json!({"id": 15368, "slug": "github-actions", "name": "GitHub Actions"})
}

pub(super) fn annotations(job: &Job) -> Vec<Value> {
    job.annotations
        .iter()
        .map(|annotation| {
            json!({
                "path": annotation.path,
                "start_line": annotation.line,
                "end_line": annotation.line,
                "start_column": null,
                "end_column": null,
                "annotation_level": "failure",
                "title": "",
                "message": annotation.message,
                "raw_details": "",
            })
        })
        .collect()
}

pub(super) fn comment(state: &State, home: &Repository, comment: &Comment, api: &str) -> Value {
    let full_name = home.full_name();
    json!({
        "url": format!("{api}/repos/{full_name}/issues/comments/{}", comment.id),
        "html_url": format!("https://github.com/{full_name}/pull/{}#issuecomment-{}", comment.pull, comment.id),
        "issue_url": format!("{api}/repos/{full_name}/issues/{}", comment.pull),
        "id": comment.id,
        "node_id": format!("IC_{}", comment.id),
        "user": user(state, &comment.author, api),
        "created_at": moment(comment.created_at),
        "updated_at": moment(comment.updated_at),
        "body": comment.body(),
        "author_association": "NONE",
        "performed_via_github_app": null,
    })
}

pub(super) fn ping(state: &State, api: &str) -> Value {
    json!({
        "zen": super::routes::ZEN,
        "hook_id": 30,
        "hook": {
            "type": "Organization",
            "id": 30,
            "name": "web",
            "active": true,
            "events": ["*"],
            "config": {"content_type": "json", "insecure_ssl": "0", "url": "https://grimoire.example/webhook"},
        },
        "sender": user(state, &state.account, api),
    })
}

/// The common part of all payloads about a repository.
fn envelope(state: &State, home: &Repository, action: Option<&str>, sender: &str, api: &str) -> Value {
    let mut payload = json!({
        "repository": repository(state, home, api),
        "sender": user(state, sender, api),
    });
    if let Some(action) = action {
        payload["action"] = action.into();
    }
    payload
}

pub(super) fn pull_request_event(
    state: &State,
    home: &Repository,
    subject: &Pull,
    action: &str,
    api: &str,
) -> Value {
    let mut payload = envelope(state, home, Some(action), &subject.author, api);
    payload["number"] = subject.number.into();
    payload["pull_request"] = pull(state, home, subject, api);
    if let ("synchronize", [.., before, after]) = (action, subject.heads.as_slice()) {
        payload["before"] = before.clone().into();
        payload["after"] = after.clone().into();
    }
    payload
}

pub(super) fn check_run_event(state: &State, home: &Repository, job: &Job, api: &str) -> Value {
    let mut payload = envelope(state, home, Some("completed"), &home.owner, api);
    payload["check_run"] = check_run(home, job, api);
    payload
}

pub(super) fn check_suite_event(state: &State, home: &Repository, subject: &Run, api: &str) -> Value {
    let conclusion = home.conclusion_of(subject.id);
    let mut payload = envelope(state, home, Some("completed"), &home.owner, api);
    payload["check_suite"] = json!({
        "id": subject.id + 1_000_000,
        "head_branch": subject.branch,
        "head_sha": subject.head_sha,
        "status": status_of(conclusion),
        "conclusion": conclusion,
        "pull_requests": listed(home, subject, api),
        "app": app(),
        "latest_check_runs_count": home.jobs_of(subject.id).len(),
    });
    payload
}

pub(super) fn workflow_run_event(state: &State, home: &Repository, subject: &Run, api: &str) -> Value {
    let mut payload = envelope(state, home, Some("completed"), &home.owner, api);
    payload["workflow_run"] = run(state, home, subject, api);
    payload["workflow"] =
        json!({"id": 1, "name": subject.name, "path": ".github/workflows/ci.yml", "state": "active"});
    payload
}

pub(super) fn workflow_job_event(state: &State, home: &Repository, subject: &Job, api: &str) -> Value {
    let mut payload = envelope(state, home, Some("completed"), &home.owner, api);
    payload["workflow_job"] = job(home, subject, api);
    payload
}

pub(super) fn status_event(
    state: &State,
    home: &Repository,
    sha: &str,
    context: &str,
    status: &str,
    api: &str,
) -> Value {
    let mut payload = envelope(state, home, None, &home.owner, api);
    payload["id"] = 1.into();
    payload["sha"] = sha.into();
    payload["name"] = home.full_name().into();
    payload["context"] = context.into();
    payload["description"] = Value::Null;
    payload["state"] = status.into();
    payload["target_url"] = Value::Null;
    payload["branches"] = json!([]);
    payload
}
