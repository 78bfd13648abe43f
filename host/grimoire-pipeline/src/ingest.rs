//! Webhook requests: verified, read, and committed with the job that they cause.

use bytes::Bytes;
use grimoire_domain::delivery::{Delivery, DeliveryId};
use grimoire_domain::event::{CheckReport, PullRequestFacts, Subject, WebhookEvent};
use grimoire_domain::job::{JobId, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::text;
use grimoire_domain::validation::{Checker, FieldErrors};
use grimoire_ports::store::DeliveryOutcome;

use crate::jobs::{ReviewRequest, close_pull_request};
use crate::{Pipeline, PipelineError};

/// A webhook request as it arrived; nothing of it is trusted.
#[derive(Debug, Clone, Default)]
pub struct WebhookRequest {
    /// `X-GitHub-Event`.
    pub event: Option<String>,
    /// `X-GitHub-Delivery`.
    pub delivery: Option<String>,
    /// `X-Hub-Signature-256`.
    pub signature: Option<String>,
    /// The body, byte for byte: what the signature is about.
    pub body: Bytes,
    /// The JSON text of the field `payload`, when the body is an encoded form.
    pub payload: Option<Bytes>,
}

/// What a webhook request was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What `X-GitHub-Event` said.
    pub event: String,
    /// The payload's `action`.
    pub action: Option<String>,
    /// What `X-GitHub-Delivery` said.
    pub delivery_id: DeliveryId,
    /// The job that it caused, if any.
    pub job_id: Option<JobId>,
}

/// What became of a webhook request. Every variant was committed before it is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// Its job is queued.
    Accepted(Receipt),
    /// GitHub tried the hook out.
    Ping(Receipt),
    /// It asks for no work.
    Ignored {
        /// What it was about.
        receipt: Receipt,
        /// Why it asks for no work, in words.
        reason: String,
    },
    /// Its delivery id is known, and its job (if any) is queued, running or ended well.
    Duplicate(Receipt),
}

impl Ingested {
    /// The word for answers: `success`, `ping`, `ignored` or `duplicate`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "success",
            Self::Ping(_) => "ping",
            Self::Ignored { .. } => "ignored",
            Self::Duplicate(_) => "duplicate",
        }
    }

    /// What it was about.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Accepted(receipt)
            | Self::Ping(receipt)
            | Self::Ignored { receipt, .. }
            | Self::Duplicate(receipt) => receipt,
        }
    }

    /// Why it asks for no work, where it does not.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ignored { reason, .. } => Some(reason),
            Self::Accepted(_) | Self::Ping(_) | Self::Duplicate(_) => None,
        }
    }
}

impl Pipeline {
    /// Takes a webhook request in. Nothing is parsed before the signature holds, and nothing is
    /// answered before the delivery and its job are on disk.
    ///
    /// `Unauthenticated` for a bad or missing signature; `Invalid` for a missing or malformed
    /// header, which it names, and for a payload that is not a JSON object.
    #[tracing::instrument(skip_all, fields(event = request.event.as_deref(), delivery = request.delivery.as_deref()))]
    pub async fn ingest(&self, request: WebhookRequest) -> Result<Ingested, PipelineError> {
        let ports = self.ports();
        if let Err(error) = ports.gate.verify(&request.body, request.signature.as_deref()) {
            if error.kind() == ErrorKind::Unauthenticated {
                tracing::warn!(
                    target: "security",
                    signed = request.signature.is_some(),
                    bytes = request.body.len(),
                    "webhook refused: its signature is missing or wrong"
                );
            }
            return Err(error.into());
        }
        let (name, id) = headers(request.event.as_deref(), request.delivery.as_deref())?;
        let payload = request.payload.unwrap_or(request.body);
        let event = ports.gate.parse(name, &payload)?;

        let now = ports.clock.now();
        let (job, decision) = match decide(&event) {
            Decision::Work(job) => (Some(job), None),
            other => (None, Some(other)),
        };
        let delivery = Delivery {
            id: id.clone(),
            event: name.to_owned(),
            action: event.action.clone(),
            repository: event.repository.clone(),
            received_at: now,
            job: None,
            payload: payload.to_vec(),
        };
        let outcome = ports.store.record_delivery_and_enqueue(delivery, job).await?;
        let receipt = |job_id| Receipt {
            event: name.to_owned(),
            action: event.action.clone(),
            delivery_id: id,
            job_id,
        };
        let ingested = match (outcome, decision) {
            (DeliveryOutcome::Duplicate(job), _) => Ingested::Duplicate(receipt(job)),
            (DeliveryOutcome::Requeued(job), _) => Ingested::Accepted(receipt(Some(job))),
            (DeliveryOutcome::Accepted(job), None | Some(Decision::Work(_))) => {
                Ingested::Accepted(receipt(job))
            }
            (DeliveryOutcome::Accepted(_), Some(Decision::Ping)) => Ingested::Ping(receipt(None)),
            (DeliveryOutcome::Accepted(_), Some(Decision::Ignore(reason))) => {
                Ingested::Ignored { receipt: receipt(None), reason }
            }
        };
        tracing::info!(
            status = ingested.status(),
            job = ingested.receipt().job_id.map(|job| job.0),
            reason = ingested.reason(),
            "webhook taken in"
        );
        Ok(ingested)
    }
}

/// What an event asks for.
enum Decision {
    /// A job.
    Work(NewJob),
    /// An answer and nothing else.
    Ping,
    /// Nothing, because of this.
    Ignore(String),
}

fn decide(event: &WebhookEvent) -> Decision {
    match &event.subject {
        Subject::Ping { .. } => Decision::Ping,
        Subject::PullRequest(facts) => decide_pull_request(event.action.as_deref(), facts),
        Subject::CheckReport(report) => decide_check(event.repository.as_ref(), report),
        Subject::Other => Decision::Ignore(format!("event {} asks for no work", shown(&event.event))),
    }
}

fn decide_pull_request(action: Option<&str>, facts: &PullRequestFacts) -> Decision {
    match action {
        Some("closed") => Decision::Work(close_pull_request::job(&facts.id)),
        Some("opened" | "synchronize" | "reopened" | "ready_for_review") => {
            if !facts.open {
                return Decision::Ignore("the pull request is closed".to_owned());
            }
            if facts.draft {
                return Decision::Ignore("the pull request is a draft".to_owned());
            }
            let Some(head_sha) = facts.head_sha.clone() else {
                return Decision::Ignore("the payload names no head commit".to_owned());
            };
            let repository = facts.id.repository.clone();
            Decision::Work(ReviewRequest { repository, number: Some(facts.id.number), head_sha }.into_job())
        }
        Some(other) => {
            Decision::Ignore(format!("action {} of a pull request asks for no work", shown(other)))
        }
        None => Decision::Ignore("the payload names no action".to_owned()),
    }
}

fn decide_check(repository: Option<&RepositoryName>, report: &CheckReport) -> Decision {
    if !report.failed {
        return Decision::Ignore("CI has not failed".to_owned());
    }
    let Some(repository) = repository.cloned() else {
        return Decision::Ignore("the payload names no repository".to_owned());
    };
    // With none or several listed, the job asks GitHub which pull requests have this head.
    let number = match report.pull_requests.as_slice() {
        [number] => Some(*number),
        _ => None,
    };
    Decision::Work(ReviewRequest { repository, number, head_sha: report.head_sha.clone() }.into_job())
}

fn required<'r>(header: &str, value: Option<&'r str>) -> Result<&'r str, FieldErrors> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| FieldErrors::one(header, "the header is missing"))
}

/// The event's name and the delivery's id; the error names every header that is missing or malformed.
fn headers<'r>(event: Option<&'r str>, delivery: Option<&str>) -> Result<(&'r str, DeliveryId), FieldErrors> {
    match (event_name(event), delivery_id(delivery)) {
        (Ok(name), Ok(id)) => Ok((name, id)),
        (Err(errors), Ok(_)) | (Ok(_), Err(errors)) => Err(errors),
        (Err(first), Err(second)) => {
            let mut checker = Checker::default();
            for error in first.errors().iter().chain(second.errors()) {
                checker.reject(&error.field, &error.message);
            }
            checker.finish(()).and(Err(first))
        }
    }
}

fn delivery_id(value: Option<&str>) -> Result<DeliveryId, FieldErrors> {
    DeliveryId::parse(required("X-GitHub-Delivery", value)?)
}

fn event_name(value: Option<&str>) -> Result<&str, FieldErrors> {
    let name = required("X-GitHub-Event", value)?;
    let valid = name.len() <= 100
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if valid {
        Ok(name)
    } else {
        Err(FieldErrors::one("X-GitHub-Event", "must be 1 to 100 letters, digits, underscores or hyphens"))
    }
}

/// Text of a payload as it may stand in an answer.
fn shown(value: &str) -> String {
    format!("`{}`", text::cut(&text::displayable(value), 100))
}
