//! The one comment of a pull request that is ours.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::PostedComment;
use grimoire_ports::PortError;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::GitHubClient;
use super::models::Comment;
use super::origin::with_query;
use super::reading::{TRIES, Walk};
use super::refusal::CallError;

/// How many pages of a hundred comments are looked through. Ours is among the first as a rule.
const PAGES: usize = 50;

/// Whose token it is.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Account {
    id: u64,
}

impl From<Comment> for PostedComment {
    fn from(comment: Comment) -> Self {
        Self { id: comment.id, url: comment.html_url }
    }
}

/// Our comment with `marker`, the oldest where there are several.
pub(super) async fn find(
    client: &GitHubClient,
    id: &PullRequestId,
    marker: &str,
) -> Result<Option<Comment>, PortError> {
    let account = account(client).await?;
    let list =
        client.transport.api.repository(&id.repository, &["issues", &id.number.to_string(), "comments"]);
    let mut found: Option<Comment> = None;
    let walk = client
        .transport
        .pages(with_query(list, &[("per_page", "100")]), PAGES, |page: Vec<Comment>| {
            // In ascending order of their ids.
            found = page.into_iter().find(|comment| {
                comment.user.as_ref().is_some_and(|user| user.id == account.id)
                    && comment.body.as_deref().is_some_and(|body| bears(body, marker))
            });
            found.is_none()
        })
        .await?;
    if found.is_none() && walk == Walk::Cut {
        // To say that there is none would make a second one.
        return Err(PortError::new(
            ErrorKind::TooLarge,
            format!("{id} has more than {} comments, none of the first is ours", PAGES * 100),
        ));
    }
    Ok(found)
}

/// Edits our comment with `marker` where it differs from `body`, or creates it.
///
/// GitHub has no way to tell a repeated request from a new one. After a write that may or may not have
/// happened, the next round therefore begins with looking, as every round does.
pub(super) async fn upsert(
    client: &GitHubClient,
    id: &PullRequestId,
    marker: &str,
    body: &str,
) -> Result<PostedComment, PortError> {
    if marker.trim().is_empty() || !bears(body, marker) {
        let message = "a comment must have a line that begins with its marker, to be found again";
        return Err(PortError::new(ErrorKind::Invalid, message));
    }
    let transport = &client.transport;
    let mut last_write = client.last_write.lock().await;
    let mut failures = 0;
    loop {
        let existing = find(client, id, marker).await?;
        if let Some(comment) = existing.as_ref()
            && comment.body.as_deref().is_some_and(|found| is_same(found, body))
        {
            return Ok(PostedComment { id: comment.id, url: comment.html_url.clone() });
        }
        if let Some(last) = *last_write
            && let Ok(free) = last.checked_add(transport.write_interval)
            && let Ok(wait) = std::time::Duration::try_from(free.duration_since(transport.now()))
        {
            transport.sleep(wait).await;
        }
        let api = &transport.api;
        let (method, url) = match &existing {
            Some(comment) => {
                let comment = comment.id.to_string();
                (Method::PATCH, api.repository(&id.repository, &["issues", "comments", &comment]))
            }
            None => {
                let number = id.number.to_string();
                (Method::POST, api.repository(&id.repository, &["issues", &number, "comments"]))
            }
        };
        let written: Result<Comment, CallError> =
            transport.write(method, url, &json!({ "body": body })).await;
        *last_write = Some(transport.now());
        match written {
            Ok(comment) => return Ok(comment.into()),
            // Deleted between looking and editing: the next round sees that.
            Err(CallError::Refused { status, .. })
                if existing.is_some() && status.as_u16() == 404 && failures + 1 < TRIES =>
            {
                failures += 1;
            }
            Err(CallError::Unknown(error)) if failures < TRIES => {
                failures += 1;
                tracing::warn!(%id, %error, failures, "a comment may or may not have been written: looking");
                transport.back_off(failures).await;
                if failures == TRIES {
                    // No further write; but it may have happened.
                    return match find(client, id, marker).await? {
                        Some(found) if found.body.as_deref().is_some_and(|found| is_same(found, body)) => {
                            Ok(found.into())
                        }
                        _ => Err(error),
                    };
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn account(client: &GitHubClient) -> Result<Account, PortError> {
    let ask = client.transport.get(client.transport.api.url(&["user"]));
    Ok(*client.account.get_or_try_init(|| ask).await?)
}

/// Whether a line begins with the marker. Elsewhere it may be a quotation of one of our comments.
fn bears(body: &str, marker: &str) -> bool {
    body.lines().any(|line| line.trim_start().starts_with(marker))
}

/// Whether two bodies are the same but for what GitHub may change.
fn is_same(left: &str, right: &str) -> bool {
    left.trim_end().lines().eq(right.trim_end().lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_counts_at_the_beginning_of_a_line() {
        const MARKER: &str = "<!-- grimoire:review -->";
        assert!(bears("<!-- grimoire:review -->\n# Hi", MARKER));
        assert!(bears("# Hi\r\n\r\n  <!-- grimoire:review --> \r\n", MARKER));
        assert!(!bears("> <!-- grimoire:review -->\nI disagree", MARKER));
        assert!(!bears("", MARKER));
    }

    #[test]
    fn line_ends_make_no_difference() {
        assert!(is_same("a\r\nb\r\n", "a\nb"));
        assert!(!is_same("a\nb", "a\nc"));
        assert!(!is_same("a", "a\nb"));
    }
}
