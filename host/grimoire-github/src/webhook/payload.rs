//! Payloads of webhook requests.

use grimoire_domain::event::{PullRequestFacts, Subject, WebhookEvent};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_ports::PortError;

use super::lenient::read_object;
use super::model::{Payload, sha};
use super::report::check_report;

/// Parses the payload of the named event.
///
/// Fails only with [`ErrorKind::Invalid`] and the position, for a body that is not UTF-8, not JSON, not an object,
/// or nested deeper than 127 levels. Missing members, null, unknown values and unexpected types are left out of the
/// result; an event that is not supported is [`Subject::Other`].
pub fn parse(event: &str, body: &[u8]) -> Result<WebhookEvent, PortError> {
    let invalid = |message: String| PortError::new(ErrorKind::Invalid, message);
    let text = std::str::from_utf8(body)
        .map_err(|error| invalid(format!("the payload is not UTF-8 at byte {}", error.valid_up_to())))?;
    let payload: Payload = read_object(text)
        .map_err(|error| invalid(format!("the payload is not JSON: {error}")))?
        .ok_or_else(|| invalid("the payload is not a JSON object: at line 1 column 1".to_owned()))?;
    let repository = payload.repository.name().or_else(|| payload.pull_request.base.repo.name());
    let subject = match event {
        "ping" => Subject::Ping { zen: payload.zen.clone() },
        "pull_request" => {
            pull_request_facts(&payload, repository.as_ref()).map_or(Subject::Other, Subject::PullRequest)
        }
        _ => check_report(event, &payload).map_or(Subject::Other, Subject::CheckReport),
    };
    Ok(WebhookEvent {
        event: event.to_owned(),
        action: payload.action,
        repository,
        sender: payload.sender.login,
        subject,
    })
}

fn pull_request_facts(payload: &Payload, repository: Option<&RepositoryName>) -> Option<PullRequestFacts> {
    let pull_request = &payload.pull_request;
    let number = pull_request.number().or(payload.number.filter(|number| *number > 0))?;
    let open = match pull_request.state.as_deref() {
        Some(state) => state == "open",
        None => payload.action.as_deref() != Some("closed"),
    };
    Some(PullRequestFacts {
        id: PullRequestId { repository: repository?.clone(), number },
        head_sha: sha(pull_request.head.sha.as_deref()),
        draft: pull_request.draft.unwrap_or(false),
        open,
        title: pull_request.title.clone(),
    })
}
