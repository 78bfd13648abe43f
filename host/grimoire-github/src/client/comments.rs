//! Grimoire's comment on a pull request.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::PullRequestId;
use grimoire_domain::review::PostedComment;
use grimoire_ports::PortError;
use http::Method;
use serde_json::json;

use super::installation::{Account, Installation};
use super::models::Comment;
use super::origin::with_query;
use super::reading::{TRIES, Walk};
use super::refusal::CallError;

/// Maximum number of pages of a hundred comments that are searched. Grimoire's comment is usually among the first.
const PAGES: usize = 50;

impl From<Comment> for PostedComment {
    fn from(comment: Comment) -> Self {
        Self { id: comment.id, url: comment.html_url }
    }
}

/// Our comment with `marker`; the oldest if there are several.
pub(super) async fn find(
    installation: &Installation,
    id: &PullRequestId,
    marker: &str,
) -> Result<Option<Comment>, PortError> {
    let account = account(installation).await?;
    let transport = &installation.transport;
    let list = transport.api.repository(&id.repository, &["issues", &id.number.to_string(), "comments"]);
    let mut found: Option<Comment> = None;
    let walk = transport
        .pages(with_query(list, &[("per_page", "100")]), PAGES, |page: Vec<Comment>| {
            // Comments come in ascending order of their ids.
            found = page.into_iter().find(|comment| {
                comment.user.as_ref().is_some_and(|user| user.id == account.id)
                    && comment.body.as_deref().is_some_and(|body| bears(body, marker))
            });
            found.is_none()
        })
        .await?;
    if found.is_none() && walk == Walk::Cut {
        // Returning none here would create a second comment.
        return Err(PortError::new(
            ErrorKind::TooLarge,
            format!("{id} has more than {} comments, none of the first is ours", PAGES * 100),
        ));
    }
    Ok(found)
}

/// Edits our comment with `marker` if it differs from `body`, or creates it.
///
/// GitHub cannot distinguish a repeated request from a new one. After a write with an unknown outcome,
/// the next round therefore begins with a search, as every round does.
pub(super) async fn upsert(
    installation: &Installation,
    id: &PullRequestId,
    marker: &str,
    body: &str,
) -> Result<PostedComment, PortError> {
    if marker.trim().is_empty() || !bears(body, marker) {
        let message = "a comment must have a line that begins with its marker, to be found again";
        return Err(PortError::new(ErrorKind::Invalid, message));
    }
    let transport = &installation.transport;
    let mut last_write = installation.last_write.lock().await;
    let mut failures = 0;
    loop {
        let existing = find(installation, id, marker).await?;
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
            // The comment was deleted between search and edit: the next round will see that.
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
                    // No further write, but this one may have succeeded.
                    return match find(installation, id, marker).await? {
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

async fn account(installation: &Installation) -> Result<Account, PortError> {
    let ask = installation.transport.get(installation.transport.api.url(&["user"]));
    Ok(*installation.account.get_or_try_init(|| ask).await?)
}

/// Returns true if a line begins with the marker. Elsewhere it may be quoted from one of our comments.
fn bears(body: &str, marker: &str) -> bool {
    body.lines().any(|line| line.trim_start().starts_with(marker))
}

/// Compares two bodies, ignoring differences that GitHub may introduce.
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
