//! Acknowledged data is there after a kill, and only one process can open the store.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use grimoire_tests::fake_github::Webhook;
use serde_json::{Value, json};

use crate::process::{Place, Serving};

pub(crate) const SECRET: &str = "a secret for this test";
const ENVIRONMENT: [(&str, &str); 1] = [("GITHUB_WEBHOOK_SECRET", SECRET)];

pub(crate) fn payload(number: u64) -> Value {
    json!({
        "action": "opened", "number": number,
        "pull_request": { "number": number, "state": "open", "draft": false,
            "head": { "sha": format!("{number:040x}"), "ref": "topic", "repo": null } },
        "repository": { "full_name": "octo/app" },
    })
}

/// Delivers a signed webhook about a pull request. Returns the job of the acknowledgement.
pub(crate) async fn deliver(server: &Serving, number: u64) -> u64 {
    let webhook = Webhook::new("pull_request", &payload(number)).signed_with(SECRET);
    let receipt = webhook.deliver(&server.url("/webhook")).await;
    assert_eq!(receipt.status, 202);
    receipt.json()["job_id"].as_u64().expect("a job")
}

pub(crate) fn client() -> reqwest::Client {
    // Fails if another test has already installed it, which is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_write_survives_kill_nine_under_load() {
    let place = Place::new();
    let server = place.serve(&ENVIRONMENT);
    let spells = server.url("/api/spells");
    let acknowledged = Arc::new(Mutex::new((Vec::new(), Vec::new())));
    let stop = Arc::new(AtomicBool::new(false));

    let mut load = Vec::new();
    for worker in 0..8_u64 {
        let (url, acknowledged, stop) = (spells.clone(), Arc::clone(&acknowledged), Arc::clone(&stop));
        let client = client();
        load.push(tokio::spawn(async move {
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                number += 1;
                let title = format!("spell {worker}-{number}");
                let body = json!({ "title": title, "description": "d", "error_type": "E",
                    "error_pattern": "the quux is gone", "solution_code": "s" });
                let Ok(answer) = client.post(&url).json(&body).send().await else { return };
                let status = answer.status();
                let Ok(spell) = answer.json::<Value>().await else { return };
                assert_eq!(status, 201, "{spell}");
                let id = spell["id"].as_u64().expect("an id");
                acknowledged.lock().expect("no panic").0.push((id, title));
            }
        }));
    }
    // Sends webhooks on this task until enough of both was acknowledged under load.
    for number in 1..=60_u64 {
        let job = deliver(&server, number).await;
        acknowledged.lock().expect("no panic").1.push(job);
    }
    server.kill();
    stop.store(true, Ordering::Relaxed);
    for task in load {
        task.await.expect("the load did not panic");
    }

    let server = place.serve(&ENVIRONMENT);
    let client = client();
    let (spells, jobs) = acknowledged.lock().expect("no panic").clone();
    assert!(spells.len() > 8 && jobs.len() == 60, "{} spells, {} jobs", spells.len(), jobs.len());
    for (id, title) in spells {
        let spell: Value = get(&client, &server.url(&format!("/api/spells/{id}"))).await;
        assert_eq!(spell["title"], title, "spell {id}");
    }
    for job in jobs {
        let job: Value = get(&client, &server.url(&format!("/api/jobs/{job}"))).await;
        assert_eq!(job["kind"], "review_pull_request");
    }
    assert!(server.stop(), "SIGTERM ends it well");
}

async fn get(client: &reqwest::Client, url: &str) -> Value {
    let answer = client.get(url).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{url}");
    answer.json().await.expect("JSON")
}

#[test]
fn a_second_server_on_the_same_data_says_who_has_it() {
    let place = Place::new();
    let server = place.serve(&[]);
    let second = place.run(&["serve", "--port", "0"], b"");
    assert_eq!(second.code(), 69, "{}", second.complaint());
    assert!(second.complaint().contains("grimoire.redb"), "{}", second.complaint());
    assert!(server.stop());
}

#[test]
fn a_made_webhook_secret_is_private_and_signs_what_the_command_sends() {
    let place = Place::new();
    let server = place.serve(&[]);
    let secret = place.path().join("data/webhook-secret");
    let mode = std::fs::metadata(&secret).expect("it was made").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    place.file("payload.json", payload(7).to_string());
    let url = server.url("/webhook");
    let sent = place.run(&["webhook", "send", "payload.json", "--event", "pull_request", "--url", &url], b"");
    assert_eq!(sent.code(), 0, "{}{}", sent.output(), sent.complaint());
    assert!(sent.output().starts_with("202"), "{}", sent.output());
    assert!(server.stop());

    // One that others can read may be known to them, as when it came with a checkout.
    std::fs::set_permissions(&secret, Permissions::from_mode(0o644)).expect("it is ours");
    let refused = place.run(&["serve", "--port", "0"], b"");
    assert_ne!(refused.code(), 0);
    assert!(refused.complaint().contains("others can read it"), "{}", refused.complaint());
}

#[test]
fn a_webhook_secret_that_is_a_link_writes_nowhere_else_and_reads_small_files_only() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("data")).expect("a folder can be made");
    let secret = place.path().join("data/webhook-secret");
    let elsewhere = place.file("elsewhere", "");
    std::fs::set_permissions(&elsewhere, Permissions::from_mode(0o600)).expect("it is ours");
    std::os::unix::fs::symlink(&elsewhere, &secret).expect("a link can be made");
    // The folder came along with the link, so it is named.
    let named = [("GRIMOIRE_STORAGE_FOLDER", "data")];
    assert!(place.serve(&named).stop());
    assert_eq!(std::fs::read(&elsewhere).expect("it is there"), b"", "nothing is written through the link");
    assert!(std::fs::symlink_metadata(&secret).expect("it was made").is_file());

    place.file("large", [b'x'; 5_000]);
    // Reading it would wait for a writer forever.
    let made =
        std::process::Command::new("mkfifo").args(["-m", "600"]).arg(place.path().join("pipe")).status();
    assert!(made.expect("mkfifo runs").success());
    for target in ["large", "pipe", "data"] {
        std::fs::remove_file(&secret).expect("it is ours");
        std::os::unix::fs::symlink(place.path().join(target), &secret).expect("a link can be made");
        let refused = place.run(&["serve", "--port", "0"], b"");
        assert_ne!(refused.code(), 0, "{target}");
        assert!(refused.complaint().contains("it is no small file"), "{target}: {}", refused.complaint());
    }
}
