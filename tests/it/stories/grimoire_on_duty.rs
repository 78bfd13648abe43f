//! A server in this process, configured to use a fake GitHub.

use grimoire::config::{Config, Layers, Overrides};
use grimoire::serve::Server;
use grimoire_tests::fake_github::log::actions_log;
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle, Receipt};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::log::log;

pub(super) const SECRET: &str = "the webhook's secret";

/// A fake GitHub, and a server that uses it.
pub(super) struct OnDuty {
    pub(super) github: FakeGitHub,
    server: Server,
    shutdown: CancellationToken,
    client: reqwest::Client,
    _folder: TempDir,
}

/// Tells a story to a server on duty: starts one, runs the story, waits until all work is done, and stops the server in
/// order. Every job must have succeeded, no error may have been logged, and the fake GitHub refuses requests that no
/// well-behaved client would send.
pub(super) async fn story(told: impl AsyncFnOnce(&OnDuty)) {
    story_of_a_start(async |grimoire| {
        grimoire.until_ready().await;
        told(grimoire).await;
    })
    .await;
}

/// The same, with a server that has only just begun to listen.
pub(super) async fn story_of_a_start(told: impl AsyncFnOnce(&mut OnDuty)) {
    let log = log();
    let mut grimoire = OnDuty::listen().await;
    told(&mut grimoire).await;
    grimoire.until_idle().await;
    for state in ["dead", "cancelled", "superseded"] {
        let left = grimoire.get(&format!("/api/jobs?state={state}")).await;
        assert_eq!(left, serde_json::json!([]), "no story leaves {state} jobs");
    }
    grimoire.stop().await;
    assert_eq!(log.errors(), Vec::<String>::new(), "no test of this process causes a defect");
}

impl OnDuty {
    /// Starts the fake GitHub and the server, which listens then.
    async fn listen() -> Self {
        let github = FakeGitHub::start().await;
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let data = folder.path().join("data").display().to_string();
        let environment = [
            ("API_PORT", "0".to_owned()),
            ("GRIMOIRE_STORAGE_FOLDER", data),
            ("GITHUB_WEBHOOK_SECRET", SECRET.to_owned()),
            ("GITHUB_API_TOKEN", github.token()),
            ("GRIMOIRE_GITHUB_API_URL", github.api_url()),
            ("GRIMOIRE_GITHUB_STORAGE_ORIGINS", github.storage_url()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        let layers = Layers::from_parts(&Overrides::default(), folder.path(), environment);
        let config = Config::from_layers(&layers).expect("the settings are right");
        let shutdown = CancellationToken::new();
        let server = Server::listen(config, shutdown.clone()).await.expect("the server starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { github, server, shutdown, client, _folder: folder }
    }

    /// Returns once the server has its spells and plugins.
    pub(super) async fn until_ready(&mut self) {
        self.server.ready().await.expect("spells and plugins are there");
    }

    /// A pull request of `octo/app`.
    pub(super) fn pull_request(&self, number: u64) -> PullRequestHandle {
        self.github.repository("octo/app").pull_request(number)
    }

    /// A pull request of `octo/app` whose job `build` ran `command` and failed with this output.
    pub(super) fn failing_build(&self, number: u64, command: &str, output: &str) -> PullRequestHandle {
        self.pull_request(number).failing_job("build", actions_log(command, output))
    }

    /// The server's address with a path.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// Sends a webhook and returns the response.
    pub(super) async fn receive(&self, event: &str, payload: &Value) -> Receipt {
        self.github.deliver(&self.url("/webhook"), event, payload, SECRET).await
    }

    /// Sends a webhook and waits until its job and all following jobs have ended.
    pub(super) async fn work_off(&self, event: &str, payload: &Value) {
        let receipt = self.receive(event, payload).await;
        assert_eq!(receipt.status, 202, "{}", receipt.json());
        self.until_idle().await;
    }

    /// A request to the server.
    pub(super) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Returns once no job is queued or running. A job enqueues the next one in the step that ends it, so a single list
    /// is enough.
    pub(super) async fn until_idle(&self) {
        loop {
            let jobs = self.get("/api/jobs?limit=1000").await;
            let jobs = jobs.as_array().expect("a list");
            let open = jobs.iter().find(|job| job["state"] == "queued" || job["state"] == "running");
            let Some(open) = open else { return };
            // The stream of the job's events ends together with the job.
            let events = self.request(reqwest::Method::GET, &format!("/api/jobs/{}/events", open["id"]));
            events.send().await.expect("a stream").text().await.expect("it ends");
        }
    }

    /// A JSON document from the API.
    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(self.url(path)).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    /// Sends a JSON body; returns the status, the sequence number and the response.
    pub(super) async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> (u16, u64, Value) {
        let answer = self.client.request(method, self.url(path)).json(body).send().await.expect("an answer");
        let header =
            answer.headers().get("x-grimoire-sequence").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        (status, header.unwrap_or_default(), answer.json().await.unwrap_or_default())
    }

    /// Returns once `/api/match` answers from an index that has reached this sequence number.
    pub(super) async fn until_searchable(&self, sequence: u64) {
        loop {
            let body = serde_json::json!({ "message": "anything" });
            let (_, _, answer) = self.send(reqwest::Method::POST, "/api/match", &body).await;
            if answer["sequence"].as_u64() >= Some(sequence) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Shuts the server down.
    async fn stop(self) {
        self.shutdown.cancel();
        self.server.wait().await;
    }
}
