//! Stored webhook requests on the wire.

use std::collections::BTreeMap;

use grimoire_domain::delivery::{Delivery, DeliveryFacts, VerdictKind};
use grimoire_domain::job::Job;
use grimoire_domain::secrets;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::job::JobBody;

/// A webhook request that passed the signature check.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryBody {
    /// The value of `X-GitHub-Delivery`.
    #[schema(example = "72d3162e-cc78-11e3-81ab-4c9367dc0958", min_length = 1, max_length = 100)]
    pub id: String,
    /// The value of `X-GitHub-Event`.
    #[schema(example = "pull_request")]
    pub event: String,
    /// The payload's action.
    #[schema(required = true, example = "opened")]
    pub action: Option<String>,
    /// The repository that it is about, as `owner/name`.
    #[schema(required = true, example = "octo/app")]
    pub repository: Option<String>,
    /// The decision about the request.
    pub verdict: VerdictWord,
    /// The reason, if nothing is done.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// The time of its first arrival.
    #[schema(format = DateTime)]
    pub received_at: String,
    /// How long verification, parsing and the decision took, in microseconds; null for requests that earlier versions
    /// stored.
    #[schema(required = true, example = 180)]
    pub decided_in_us: Option<u64>,
    /// When an operator last had it handled again.
    #[schema(required = true, format = DateTime)]
    pub redelivered_at: Option<String>,
    /// The job that works on it.
    #[schema(required = true)]
    pub job_id: Option<u64>,
}

impl From<DeliveryFacts> for DeliveryBody {
    fn from(facts: DeliveryFacts) -> Self {
        Self {
            id: facts.id.into(),
            event: facts.event,
            action: facts.action,
            repository: facts.repository.map(String::from),
            verdict: facts.verdict.kind().into(),
            reason: facts.verdict.reason().map(str::to_owned),
            received_at: facts.received_at.to_string(),
            decided_in_us: facts.decided_in.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX)),
            redelivered_at: facts.redelivered_at.map(|at| at.to_string()),
            job_id: facts.job.map(|job| job.0),
        }
    }
}

/// A webhook request with everything that is stored about it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeliveryDetail)]
pub struct DeliveryDetailBody {
    #[serde(flatten)]
    delivery: DeliveryBody,
    /// Headers that describe its origin, by lower-case name. Signatures are not kept.
    headers: BTreeMap<String, String>,
    /// The length of the payload in bytes.
    payload_bytes: u64,
    /// The payload; texts with the shape of a secret are masked.
    #[schema(required = true, value_type = Option<Object>)]
    payload: Option<serde_json::Value>,
    /// Its job in the present state.
    #[schema(required = true)]
    job: Option<JobBody>,
}

impl DeliveryDetailBody {
    /// The wire form of a delivery and its job.
    pub(crate) fn new(delivery: Delivery, job: Option<Job>) -> Self {
        let mut payload = serde_json::from_slice(&delivery.payload).ok();
        if let Some(payload) = &mut payload {
            mask(payload);
        }
        Self {
            headers: delivery.facts.headers.clone(),
            payload_bytes: delivery.payload.len() as u64,
            delivery: delivery.facts.into(),
            payload,
            job: job.map(JobBody::from),
        }
    }
}

/// Masks texts with the shape of a secret, each JSON string separately, so that masking cannot cross the end of a
/// string.
fn mask(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => secrets::mask_in(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(mask),
        serde_json::Value::Object(fields) => {
            let masked = std::mem::take(fields).into_iter().map(|(mut name, mut value)| {
                secrets::mask_in(&mut name);
                mask(&mut value);
                (name, value)
            });
            *fields = masked.collect();
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

/// The decision about a webhook request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Verdict)]
pub enum VerdictWord {
    /// The request needs work.
    Accepted,
    /// GitHub tests the hook.
    Ping,
    /// The request needs no work.
    Ignored,
}

impl From<VerdictKind> for VerdictWord {
    fn from(kind: VerdictKind) -> Self {
        match kind {
            VerdictKind::Accepted => Self::Accepted,
            VerdictKind::Ping => Self::Ping,
            VerdictKind::Ignored => Self::Ignored,
        }
    }
}

impl From<VerdictWord> for VerdictKind {
    fn from(word: VerdictWord) -> Self {
        match word {
            VerdictWord::Accepted => Self::Accepted,
            VerdictWord::Ping => Self::Ping,
            VerdictWord::Ignored => Self::Ignored,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::mask;

    #[test]
    fn secrets_are_masked_wherever_a_payload_has_them() {
        let token = format!("ghp_{}", "a1B2c3D4".repeat(5));
        let mut payload = json!({ "list": [{ token.as_str(): token.as_str() }], "number": 1 });
        mask(&mut payload);
        let text = payload.to_string();
        assert!(!text.contains(&token), "{text}");
        assert!(text.contains("\"number\":1"), "{text}");
    }
}
