//! Payloads of webhook requests.

use grimoire_domain::event::{PullRequestFacts, Subject, WebhookEvent};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_ports::PortError;

use super::report::check_report;
use super::sieve::{Kept, sift};

/// Reads the payload of the named event.
///
/// Fails only, with [`ErrorKind::Invalid`] and the place, for what is not UTF-8, not JSON, not an
/// object, or nested deeper than 127 levels. What is missing, null, of an unknown value or of an
/// unexpected type is left out of the answer; an event that is not read is [`Subject::Other`].
pub fn parse(event: &str, body: &[u8]) -> Result<WebhookEvent, PortError> {
    let invalid = |message: String| PortError::new(ErrorKind::Invalid, message);
    let text = std::str::from_utf8(body)
        .map_err(|error| invalid(format!("the payload is not UTF-8 at byte {}", error.valid_up_to())))?;
    let payload = sift(text).map_err(|error| invalid(format!("the payload is not JSON: {error}")))?;
    if !payload.is_object() {
        return Err(invalid("the payload is not a JSON object: at line 1 column 1".to_owned()));
    }

    let pull_request = &payload["pull_request"];
    let repository = repository(&payload["repository"]).or_else(|| repository(&pull_request["base"]["repo"]));
    let subject = match event {
        "ping" => Subject::Ping { zen: text_of(&payload["zen"]) },
        "pull_request" => {
            pull_request_facts(&payload, repository.as_ref()).map_or(Subject::Other, Subject::PullRequest)
        }
        _ => check_report(event, &payload).map_or(Subject::Other, Subject::CheckReport),
    };
    Ok(WebhookEvent {
        event: event.to_owned(),
        action: text_of(&payload["action"]),
        repository,
        sender: text_of(&payload["sender"]["login"]),
        subject,
    })
}

fn pull_request_facts(payload: &Kept<'_>, repository: Option<&RepositoryName>) -> Option<PullRequestFacts> {
    let pull_request = &payload["pull_request"];
    let number = [&pull_request["number"], &payload["number"]].into_iter().find_map(number_of)?;
    let open = match pull_request["state"].as_str() {
        Some(state) => state == "open",
        None => payload["action"].as_str() != Some("closed"),
    };
    Some(PullRequestFacts {
        id: PullRequestId { repository: repository?.clone(), number },
        head_sha: sha_of(&pull_request["head"]["sha"]),
        draft: pull_request["draft"].as_bool().unwrap_or(false),
        open,
        title: text_of(&pull_request["title"]),
    })
}

fn repository(value: &Kept<'_>) -> Option<RepositoryName> {
    if let Some(name) = value["full_name"].as_str().and_then(|name| RepositoryName::parse(name).ok()) {
        return Some(name);
    }
    let (owner, name) = (value["owner"]["login"].as_str()?, value["name"].as_str()?);
    RepositoryName::parse(&format!("{owner}/{name}")).ok()
}

pub(super) fn text_of(value: &Kept<'_>) -> Option<String> {
    value.as_str().map(str::to_owned)
}

pub(super) fn sha_of(value: &Kept<'_>) -> Option<CommitSha> {
    CommitSha::parse(value.as_str()?).ok()
}

/// Numbers of pull requests begin at 1.
pub(super) fn number_of(value: &Kept<'_>) -> Option<u64> {
    value.as_u64().filter(|number| *number > 0)
}
