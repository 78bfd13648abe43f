//! A server in this process, configured to use a fake GitHub.

use grimoire::config::{Config, Layers, Overrides};
use grimoire::serve::Server;
use grimoire_tests::fake_github::log::actions_log;
use grimoire_tests::fake_github::{FakeGitHub, PullRequestHandle, Receipt};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "the webhook's secret";

/// A fake GitHub, and a server that works for it.
pub(super) struct OnDuty {
    pub(super) github: FakeGitHub,
    server: Server,
    shutdown: CancellationToken,
    client: reqwest::Client,
    _folder: TempDir,
}

impl OnDuty {
    /// Starts both.
    pub(super) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts both, with further settings by their variables.
    pub(super) async fn start_with(settings: &[(&str, &str)]) -> Self {
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
        let further = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let layers =
            Layers::from_parts(&Overrides::default(), folder.path(), environment.into_iter().chain(further));
        let config = Config::from_layers(&layers).expect("the settings are right");
        let shutdown = CancellationToken::new();
        let server = Server::start(config, shutdown.clone()).await.expect("the server starts");
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { github, server, shutdown, client, _folder: folder }
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

    /// Sends a webhook; the answer.
    pub(super) async fn receive(&self, event: &str, payload: &Value) -> Receipt {
        self.github.deliver(&self.url("/webhook"), event, payload, SECRET).await
    }

    /// Sends a webhook and follows its job, and the jobs that it asked for, to their ends; their steps.
    pub(super) async fn work_off(&self, event: &str, payload: &Value) -> Vec<String> {
        let receipt = self.receive(event, payload).await;
        assert_eq!(receipt.status, 202, "{}", receipt.json());
        let mut steps = Vec::new();
        let mut job = receipt.json()["job_id"].as_u64().expect("a job");
        // Jobs that resolve a commit to its pull requests ask for one more each.
        loop {
            let stream =
                self.client.get(self.url(&format!("/api/jobs/{job}/events"))).send().await.expect("a stream");
            let text = stream.text().await.expect("it ends with the job");
            steps.extend(text.lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned));
            job += 1;
            let next =
                self.client.get(self.url(&format!("/api/jobs/{job}"))).send().await.expect("an answer");
            if next.status() == 404 {
                return steps;
            }
        }
    }

    /// A document of the API.
    pub(super) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(self.url(path)).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    /// Sends a JSON body; status, sequence of the change log, answer.
    pub(super) async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> (u16, u64, Value) {
        let answer = self.client.request(method, self.url(path)).json(body).send().await.expect("an answer");
        let header =
            answer.headers().get("x-grimoire-sequence").and_then(|value| value.to_str().ok()?.parse().ok());
        let status = answer.status().as_u16();
        (status, header.unwrap_or_default(), answer.json().await.unwrap_or_default())
    }

    /// Returns once `/api/match` answers from an index that has followed so far.
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

    /// Stops the server in order.
    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        self.server.wait().await;
    }
}
