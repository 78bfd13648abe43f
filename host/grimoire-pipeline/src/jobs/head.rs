//! Checks whether a pull request is still to be reviewed at a commit: the newest head wins.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::CommitSha;
use grimoire_domain::review::ReviewKey;
use grimoire_jobs::{JobContext, Stop};
use grimoire_ports::github::{GitHub, PullRequest};

/// The head of a pull request, relative to a commit.
pub(super) enum Head {
    /// The commit is the head.
    Current(PullRequest),
    /// GitHub names another head.
    Moved(CommitSha),
    /// The pull request is not open.
    Closed,
}

/// Looks up the current head, unless the job was asked to stop.
pub(super) async fn check(
    context: &JobContext<'_>,
    github: &dyn GitHub,
    key: &ReviewKey,
) -> Result<Head, Stop> {
    context.checkpoint().await?;
    let pull_request = match github.pull_request(&key.pull_request).await {
        Ok(pull_request) => pull_request,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Stop::Dead(format!(
                "pull request {} does not exist, or the token may not read its repository",
                key.pull_request
            )));
        }
        Err(error) => return Err(error.into()),
    };
    if !pull_request.open {
        return Ok(Head::Closed);
    }
    if pull_request.head_sha == key.head_sha {
        Ok(Head::Current(pull_request))
    } else {
        Ok(Head::Moved(pull_request.head_sha))
    }
}
