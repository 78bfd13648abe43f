//! Webhook requests.

use std::sync::Arc;

use bytes::Bytes;
use grimoire_domain::delivery::DeliveryId;
use grimoire_domain::event::WebhookEvent;
use grimoire_domain::job::JobState;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::CommitSha;
use grimoire_pipeline::{Ingested, ReviewRequest, Settings, WebhookRequest};
use grimoire_ports::PortError;
use grimoire_ports::fakes::OpenGate;
use grimoire_ports::github::WebhookGate;
use grimoire_ports::store::{DeliveryStore, JobStore};
use proptest::prelude::*;
use serde_json::json;

use crate::world::{World, block_on, check_payload, commit, pull_request_payload, request};

/// Accepts requests signed with the word `good`.
struct WordGate;

impl WebhookGate for WordGate {
    fn verify(&self, _body: &[u8], signature: Option<&str>) -> Result<(), PortError> {
        match signature {
            Some("good") => Ok(()),
            _ => Err(PortError::new(ErrorKind::Unauthenticated, "the request is not authenticated")),
        }
    }

    fn parse(&self, event: &str, body: &[u8]) -> Result<WebhookEvent, PortError> {
        OpenGate.parse(event, body)
    }
}

fn delivery(id: &str) -> DeliveryId {
    DeliveryId::parse(id).expect("valid")
}

#[tokio::test]
async fn an_opened_pull_request_is_stored_with_its_job_before_the_answer() {
    let world = World::new();
    let payload = pull_request_payload("opened", 7, &commit('a'));
    let taken = world.deliver("d-1", "pull_request", &payload).await;
    assert_eq!(taken.status(), "success");
    let receipt = taken.receipt();
    assert_eq!((receipt.event.as_str(), receipt.action.as_deref()), ("pull_request", Some("opened")));
    let job = world.job(receipt.job_id.expect("a job")).await;
    assert_eq!(job.spec.lane.as_deref(), Some("octo/app#7"));
    assert_eq!(job.spec.version.as_deref(), Some(commit('a').as_str()));
    let stored = world.store.get_delivery(&delivery("d-1")).await.expect("stored");
    assert_eq!(stored.facts.job, receipt.job_id);
    assert_eq!(stored.payload, payload.to_string().into_bytes());
}

#[tokio::test]
async fn a_bad_signature_is_refused_before_anything_else() {
    let world = World::with(Settings::default(), |ports| ports.gate = Arc::new(WordGate));
    // Neither headers nor payload are read.
    let refused = world.pipeline.ingest(WebhookRequest::default()).await.expect_err("not signed");
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    let mut signed = request("d-1", "ping", &json!({}));
    signed.signature = Some("bad".to_owned());
    assert_eq!(
        world.pipeline.ingest(signed.clone()).await.expect_err("bad").kind(),
        ErrorKind::Unauthenticated
    );
    assert!(world.store.get_delivery(&delivery("d-1")).await.is_err());
    signed.signature = Some("good".to_owned());
    assert!(matches!(world.pipeline.ingest(signed).await, Ok(Ingested::Ping(_))));
}

#[tokio::test]
async fn a_missing_or_malformed_header_is_named() {
    let world = World::new();
    let good = request("d-1", "ping", &json!({}));
    let cases = [
        (WebhookRequest { event: None, ..good.clone() }, "X-GitHub-Event"),
        (WebhookRequest { event: Some("a b".to_owned()), ..good.clone() }, "X-GitHub-Event"),
        (WebhookRequest { delivery: None, ..good.clone() }, "X-GitHub-Delivery"),
        (WebhookRequest { delivery: Some("../x".to_owned()), ..good.clone() }, "X-GitHub-Delivery"),
    ];
    for (request, header) in cases {
        let error = world.pipeline.ingest(request).await.expect_err(header);
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.field_errors()[0].field, header);
    }
    let broken = WebhookRequest { body: Bytes::from_static(b"{"), ..good };
    assert_eq!(world.pipeline.ingest(broken).await.expect_err("no JSON").kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn what_asks_for_no_work_is_recorded_and_says_why() {
    let world = World::new();
    let mut draft = pull_request_payload("opened", 7, &commit('a'));
    draft["pull_request"]["draft"] = json!(true);
    let cases = [
        ("pull_request", draft, "draft"),
        ("pull_request", pull_request_payload("labeled", 7, &commit('a')), "labeled"),
        ("check_run", check_payload("success", &commit('a'), &[7]), "not failed"),
        ("gollum", json!({}), "gollum"),
    ];
    for (index, (event, payload, words)) in cases.into_iter().enumerate() {
        let id = format!("d-{index}");
        let taken = world.deliver(&id, event, &payload).await;
        assert_eq!(taken.status(), "ignored", "{payload}");
        assert!(taken.reason().is_some_and(|reason| reason.contains(words)), "{:?}", taken.reason());
        assert_eq!(taken.receipt().job_id, None);
        assert!(world.store.get_delivery(&delivery(&id)).await.is_ok());
        let again = world.deliver(&id, event, &payload).await;
        assert_eq!(again.status(), "duplicate");
    }
}

#[tokio::test]
async fn a_delivery_sent_again_is_a_duplicate_until_its_job_has_failed() {
    let world = World::with(Settings::default(), |ports| ports.github = None);
    let payload = pull_request_payload("opened", 7, &commit('a'));
    let first = world.deliver("d-1", "pull_request", &payload).await;
    assert_eq!(world.deliver("d-1", "pull_request", &payload).await.status(), "duplicate");
    world.run_due().await;
    let job = first.receipt().job_id.expect("a job");
    assert_eq!(world.state(job).await, JobState::Dead);
    let again = world.deliver("d-1", "pull_request", &payload).await;
    assert_eq!((again.status(), again.receipt().job_id), ("success", Some(job)));
    assert_eq!(world.state(job).await, JobState::Queued);
}

#[tokio::test]
async fn sixteen_identical_deliveries_at_once_make_one_job() {
    let world = World::new();
    let payload = pull_request_payload("opened", 7, &commit('a'));
    let all = (0..16).map(|_| world.deliver("d-1", "pull_request", &payload));
    let taken = futures::future::join_all(all).await;
    assert_eq!(taken.iter().filter(|one| one.status() == "success").count(), 1);
    assert_eq!(taken.iter().filter(|one| one.status() == "duplicate").count(), 15);
    assert_eq!(world.store.count_jobs().await.expect("counts").queued, 1);
}

#[tokio::test]
async fn a_failed_check_names_its_pull_request_or_leaves_it_to_be_found() {
    let world = World::new();
    let lane = async |id: &str, numbers: &[u64]| {
        let payload = check_payload("failure", &commit('a'), numbers);
        let taken = world.deliver(id, "check_run", &payload).await;
        world.job(taken.receipt().job_id.expect("a job")).await.spec.lane.expect("a lane")
    };
    assert_eq!(lane("d-1", &[7]).await, "octo/app#7");
    let of_commit = format!("octo/app@{}", commit('a'));
    assert_eq!(lane("d-2", &[]).await, of_commit);
    assert_eq!(lane("d-3", &[7, 8]).await, of_commit);
}

#[tokio::test]
async fn the_json_of_a_form_is_what_is_read_and_kept() {
    let world = World::new();
    let payload = pull_request_payload("opened", 7, &commit('a')).to_string();
    let mut form = request("d-1", "pull_request", &json!({}));
    form.body = Bytes::from_static(b"payload=%7B");
    form.payload = Some(Bytes::from(payload.clone()));
    let taken = world.pipeline.ingest(form).await.expect("good");
    assert_eq!(taken.status(), "success");
    let stored = world.store.get_delivery(&delivery("d-1")).await.expect("stored");
    assert_eq!(stored.payload, payload.into_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    // Property 7
    #[test]
    fn repository_and_number_of_the_job_equal_those_in_the_payload(
        owner in "[A-Za-z0-9][A-Za-z0-9-]{0,38}",
        name in "[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}",
        number in 1_u64..,
        action in prop::sample::select(vec!["opened", "synchronize", "reopened", "ready_for_review"]),
        sha in "[0-9a-f]{40}",
    ) {
        let full_name = format!("{owner}/{name}");
        let payload = json!({
            "action": action,
            "number": number,
            "pull_request": { "number": number, "state": "open", "head": { "sha": sha } },
            "repository": { "full_name": full_name },
        });
        block_on(async {
            let world = World::new();
            let taken = world.deliver("d-1", "pull_request", &payload).await;
            prop_assert_eq!(taken.receipt().action.as_deref(), Some(action));
            let job = world.job(taken.receipt().job_id.expect("a job")).await;
            let request: ReviewRequest = serde_json::from_value(job.spec.payload).expect("our own payload");
            prop_assert_eq!(request.repository.as_str(), &full_name);
            prop_assert_eq!(request.number, Some(number));
            prop_assert_eq!(request.head_sha, CommitSha::parse(&sha).expect("valid"));
            Ok(())
        })?;
    }
}
