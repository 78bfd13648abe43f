//! Webhook requests: verified, parsed, and committed together with the resulting job.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use grimoire_domain::actor::Actor;
use grimoire_domain::delivery::{Delivery, DeliveryFacts, DeliveryId, Verdict};
use grimoire_domain::event::{CheckReport, PullRequestFacts, Subject, WebhookEvent};
use grimoire_domain::job::{JobId, NewJob};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::{PullRequestId, RepositoryName};
use grimoire_domain::text;
use grimoire_domain::validation::{Checker, FieldErrors};
use grimoire_jobs::new_job;
use grimoire_ports::store::DeliveryOutcome;
use tracing::Span;

use crate::jobs::close_pull_request::ClosePullRequest;
use crate::jobs::review_pull_request::ReviewRequest;
use crate::{Pipeline, PipelineError};

/// A webhook request as received; nothing in it is trusted.
#[derive(Debug, Clone, Default)]
pub struct WebhookRequest {
    /// `X-GitHub-Event`.
    pub event: Option<String>,
    /// `X-GitHub-Delivery`.
    pub delivery: Option<String>,
    /// `X-Hub-Signature-256`.
    pub signature: Option<String>,
    /// The body, byte for byte as signed.
    pub body: Bytes,
    /// The JSON text of the field `payload`, if the body is a URL-encoded form.
    pub payload: Option<Bytes>,
    /// The request's values of [`WebhookRequest::KEPT_HEADERS`], to be stored with it.
    pub headers: BTreeMap<String, String>,
}

impl WebhookRequest {
    /// The headers that are stored, in lower case: those that say which hook sent the request and how. Headers that may
    /// authenticate somebody (signatures, cookies, additions of proxies) are not among them.
    pub const KEPT_HEADERS: [&str; 9] = [
        "content-length",
        "content-type",
        "user-agent",
        "x-github-delivery",
        "x-github-enterprise-host",
        "x-github-event",
        "x-github-hook-id",
        "x-github-hook-installation-target-id",
        "x-github-hook-installation-target-type",
    ];
}

/// The subject of a webhook request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The value of `X-GitHub-Event`.
    pub event: String,
    /// The payload's `action`.
    pub action: Option<String>,
    /// The value of `X-GitHub-Delivery`.
    pub delivery_id: DeliveryId,
    /// The resulting job, if any.
    pub job_id: Option<JobId>,
}

/// The outcome of a webhook request, committed before it is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ingested {
    /// Its job is queued.
    Accepted(Receipt),
    /// GitHub tested the webhook.
    Ping(Receipt),
    /// The event causes no job.
    Ignored {
        /// The subject.
        receipt: Receipt,
        /// Why the event causes no job.
        reason: String,
    },
    /// The delivery id is known, and its job (if any) is queued, running or succeeded.
    Duplicate(Receipt),
}

impl Ingested {
    /// The outcome for a new request.
    pub(crate) fn of(verdict: Verdict, receipt: Receipt) -> Self {
        match verdict {
            Verdict::Accepted => Self::Accepted(receipt),
            Verdict::Ping => Self::Ping(receipt),
            Verdict::Ignored(reason) => Self::Ignored { receipt, reason },
        }
    }

    /// The word used in responses: `success`, `ping`, `ignored` or `duplicate`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "success",
            Self::Ping(_) => "ping",
            Self::Ignored { .. } => "ignored",
            Self::Duplicate(_) => "duplicate",
        }
    }

    /// The subject of the request.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Accepted(receipt)
            | Self::Ping(receipt)
            | Self::Ignored { receipt, .. }
            | Self::Duplicate(receipt) => receipt,
        }
    }

    /// Why the event causes no job, if it does not.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ignored { reason, .. } => Some(reason),
            Self::Accepted(_) | Self::Ping(_) | Self::Duplicate(_) => None,
        }
    }
}

impl Pipeline {
    /// Returns true if unsigned webhook requests are rejected: always, unless the operator turned verification off.
    pub fn webhooks_are_signed(&self) -> bool {
        self.ports().gate.needs_signature()
    }

    /// Processes a webhook request. Nothing is parsed before the signature is verified, and nothing
    /// is returned before the delivery and its job are on disk.
    ///
    /// Fails with `Unauthenticated` for a bad or missing signature, and with `Invalid` for a
    /// missing or malformed header, which it names, or for a payload that is not a JSON object.
    // The fields of an unsigned request are not logged: they may be long, and they are not trustworthy.
    #[tracing::instrument(skip_all, fields(event, delivery, actor = %Actor::Webhook))]
    pub async fn ingest(&self, request: WebhookRequest) -> Result<Ingested, PipelineError> {
        let ports = self.ports();
        let received_at = ports.clock.now();
        let started = Instant::now();
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
        Span::current().record("event", name).record("delivery", id.as_str());
        let payload = request.payload.unwrap_or(request.body);
        let event = ports.gate.parse(name, &payload)?;

        let (job, verdict) = self.decide(&event).await?.into_parts();
        let facts = DeliveryFacts {
            id: id.clone(),
            event: name.to_owned(),
            action: event.action.clone(),
            repository: event.repository.clone(),
            headers: request.headers,
            verdict: verdict.clone(),
            received_at,
            decided_in: Some(started.elapsed()),
            redelivered_at: None,
            job: None,
        };
        let delivery = Delivery { facts, payload: payload.to_vec() };
        let outcome = ports.store.record_delivery_and_enqueue(delivery, job).await?;
        let receipt = |job_id| Receipt {
            event: name.to_owned(),
            action: event.action.clone(),
            delivery_id: id,
            job_id,
        };
        let ingested = match outcome {
            DeliveryOutcome::Duplicate(job) => Ingested::Duplicate(receipt(job)),
            DeliveryOutcome::Requeued(job) => Ingested::Accepted(receipt(Some(job))),
            DeliveryOutcome::Accepted(job) => Ingested::of(verdict, receipt(job)),
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

/// The action to take for an event.
pub(crate) enum Decision {
    /// Enqueue a job.
    Work(NewJob),
    /// Only respond.
    Ping,
    /// Do nothing, for this reason.
    Ignore(String),
}

impl Decision {
    /// The job that the request needs, and the verdict to store.
    pub(crate) fn into_parts(self) -> (Option<NewJob>, Verdict) {
        match self {
            Self::Work(job) => (Some(job), Verdict::Accepted),
            Self::Ping => (None, Verdict::Ping),
            Self::Ignore(reason) => (None, Verdict::Ignored(reason)),
        }
    }
}

impl Pipeline {
    pub(crate) async fn decide(&self, event: &WebhookEvent) -> Result<Decision, PipelineError> {
        Ok(match &event.subject {
            Subject::Ping { .. } => Decision::Ping,
            Subject::PullRequest(facts) => decide_pull_request(event.action.as_deref(), facts),
            Subject::CheckReport(report) if report.passed => {
                self.decide_passed(event.repository.as_ref(), report).await?
            }
            Subject::CheckReport(report) => decide_check(event.repository.as_ref(), report),
            Subject::Other => Decision::Ignore(format!("event {} asks for no work", shown(&event.event))),
        })
    }

    /// A successful CI run matters only if a comment reports a failure at another commit. Events about forks
    /// list no pull request: their comments are updated with the next push.
    async fn decide_passed(
        &self,
        repository: Option<&RepositoryName>,
        report: &CheckReport,
    ) -> Result<Decision, PipelineError> {
        if let (Some(repository), [number]) = (repository, report.pull_requests.as_slice()) {
            let id = PullRequestId { repository: repository.clone(), number: *number };
            let told = self.ports().store.latest_commented_review(&id).await?;
            if told.is_some_and(|review| review.key.head_sha != report.head_sha && !review.diagnosis.green) {
                let head_sha = report.head_sha.clone();
                let request = ReviewRequest { repository: id.repository, number: Some(id.number), head_sha };
                return Ok(Decision::Work(request.into_job()));
            }
        }
        Ok(Decision::Ignore("CI has not failed".to_owned()))
    }
}

fn decide_pull_request(action: Option<&str>, facts: &PullRequestFacts) -> Decision {
    match action {
        Some("closed") => Decision::Work(new_job::<ClosePullRequest>(&facts.id)),
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
    // With none or several listed, the job asks GitHub for the pull requests with this head.
    let number = match report.pull_requests.as_slice() {
        [number] => Some(*number),
        _ => None,
    };
    Decision::Work(ReviewRequest { repository, number, head_sha: report.head_sha.clone() }.into_job())
}

fn required<'r>(header: &str, value: Option<&'r str>) -> Result<&'r str, FieldErrors> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| FieldErrors::one(header, "the header is missing"))
}

/// Parses the event's name and the delivery id; the error names every header that is missing or malformed.
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

/// Text of a payload, made safe for a response.
fn shown(value: &str) -> String {
    format!("`{}`", text::cut(&text::displayable(value), 100))
}
