//! The members of payloads that are read.

use grimoire_domain::repository::{CommitSha, RepositoryName};

use super::lenient::objects;

objects! {
    /// A payload of any event. Members missing from an event keep their defaults.
    struct Payload {
        action: Option<String>,
        check_run: Check,
        check_suite: Check,
        context: Option<String>,
        number: Option<u64>,
        pull_request: PullRequest,
        repository: Repository,
        sender: Account,
        sha: Option<String>,
        state: Option<String>,
        workflow_job: Check,
        workflow_run: Check,
        zen: Option<String>,
    }

    struct Account { login: Option<String> }

    struct App { name: Option<String> }

    struct Repository { full_name: Option<String>, id: Option<u64>, name: Option<String>, owner: Account }

    struct Branch { repo: Repository, sha: Option<String> }

    struct PullRequest {
        base: Branch,
        draft: Option<bool>,
        head: Branch,
        number: Option<u64>,
        state: Option<String>,
        title: Option<String>,
    }

    /// A check run, check suite, workflow run or workflow job: each has some of these members.
    struct Check {
        app: App,
        conclusion: Option<String>,
        head_sha: Option<String>,
        name: Option<String>,
        pull_requests: Vec<PullRequest>,
        status: Option<String>,
        workflow_name: Option<String>,
    }
}

impl Repository {
    /// The repository's name, if it is valid in a URL.
    pub(super) fn name(&self) -> Option<RepositoryName> {
        if let Some(name) = self.full_name.as_deref().and_then(|name| RepositoryName::parse(name).ok()) {
            return Some(name);
        }
        let (owner, name) = (self.owner.login.as_deref()?, self.name.as_deref()?);
        RepositoryName::parse(&format!("{owner}/{name}")).ok()
    }
}

impl PullRequest {
    /// The number; those of pull requests begin at 1.
    pub(super) fn number(&self) -> Option<u64> {
        self.number.filter(|number| *number > 0)
    }
}

/// Parses a commit id; `None` if the text is not one.
pub(super) fn sha(text: Option<&str>) -> Option<CommitSha> {
    CommitSha::parse(text?).ok()
}
