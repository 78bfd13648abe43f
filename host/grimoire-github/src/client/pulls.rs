//! Pull requests.

use std::collections::BTreeSet;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_ports::PortError;
use grimoire_ports::github::PullRequest;

use super::models::Pull;
use super::origin::with_query;
use super::reading::Walk;
use super::refusal::CallError;
use super::transport::Transport;

/// Maximum number of pages of a hundred pull requests that are searched, the last changed first.
const PAGES: usize = 5;

pub(super) async fn pull_request(
    transport: &Transport,
    id: &PullRequestId,
) -> Result<PullRequest, PortError> {
    let url = transport.api.repository(&id.repository, &["pulls", &id.number.to_string()]);
    let pull: Pull = transport.get(url).await?;
    let head_sha = pull.head_sha().ok_or_else(|| {
        PortError::new(ErrorKind::Unavailable, format!("GitHub does not say what the head of {id} is"))
    })?;
    Ok(PullRequest {
        id: id.clone(),
        head_sha,
        open: pull.is_open(),
        draft: pull.draft.unwrap_or(false),
        labels: pull.labels(),
        title: pull.title.unwrap_or_default(),
    })
}

pub(super) async fn pull_requests_at(
    transport: &Transport,
    repository: &RepositoryName,
    sha: &CommitSha,
) -> Result<Vec<PullRequestId>, PortError> {
    let api = &transport.api;
    let of_commit = api.repository(repository, &["commits", sha.as_str(), "pulls"]);
    let of_commit = with_query(of_commit, &[("per_page", "100")]);
    let found = match at_head(transport, of_commit, repository, sha).await {
        Ok(found) => found,
        // The commit of a fork may be unknown here; GitHub reports that with either status.
        Err(CallError::Refused { status, .. }) if matches!(status.as_u16(), 404 | 422) => BTreeSet::new(),
        Err(error) => return Err(error.into()),
    };
    let found = if found.is_empty() {
        // GitHub needs a while to associate a commit with its pull requests, especially those of forks.
        let open = with_query(
            api.repository(repository, &["pulls"]),
            &[("state", "open"), ("sort", "updated"), ("direction", "desc"), ("per_page", "100")],
        );
        at_head(transport, open, repository, sha).await?
    } else {
        found
    };
    let id = |number| PullRequestId { repository: repository.clone(), number };
    Ok(found.into_iter().map(id).collect())
}

/// The numbers of the listed pull requests that are open and have `sha` as their head.
async fn at_head(
    transport: &Transport,
    list: url::Url,
    repository: &RepositoryName,
    sha: &CommitSha,
) -> Result<BTreeSet<u64>, CallError> {
    let mut found = BTreeSet::new();
    let walk = transport
        .pages(list, PAGES, |page: Vec<Pull>| {
            let matching = |pull: &Pull| {
                pull.is_open() && pull.is_against(repository) && pull.head_sha().as_ref() == Some(sha)
            };
            found.extend(page.into_iter().filter(matching).map(|pull| pull.number));
            // Two pull requests rarely share a head, and if they do, both were pushed to at once.
            found.is_empty()
        })
        .await?;
    if walk == Walk::Cut {
        tracing::info!(%repository, %sha, "not all open pull requests were looked through");
    }
    Ok(found)
}
