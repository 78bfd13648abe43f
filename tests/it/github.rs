//! The GitHub adapter against the fake GitHub.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod annotations;
mod artifacts;
mod comments;
mod diffs;
mod endless;
mod failures;
mod fake;
mod installations;
mod logs;
mod reads;
mod reviews;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use grimoire_domain::Timestamp;
use grimoire_domain::repository::{CommitSha, PullRequestId, RepositoryName};
use grimoire_github::{Config, GitHubClient};
use grimoire_ports::PortError;
use grimoire_ports::clock::Clock;
use grimoire_tests::fake_github::FakeGitHub;
use url::Url;

/// A clock on which waiting takes no time: it jumps to the time that is waited for.
#[derive(Debug)]
struct SkippingClock(Mutex<(Timestamp, Vec<Duration>)>);

impl SkippingClock {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((Timestamp::now(), Vec::new()))))
    }

    /// The duration of each wait.
    fn waits(&self) -> Vec<Duration> {
        self.0.lock().expect("no test panics while holding the clock").1.clone()
    }

    fn advance(&self, by: Duration) {
        self.0.lock().expect("no test panics while holding the clock").0 += by;
    }
}

#[async_trait]
impl Clock for SkippingClock {
    fn now(&self) -> Timestamp {
        self.0.lock().expect("no test panics while holding the clock").0
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut time = self.0.lock().expect("no test panics while holding the clock");
        if let Ok(wait) = Duration::try_from(moment.duration_since(time.0)) {
            time.1.push(wait);
            time.0 = moment;
        }
    }
}

fn config(github: &FakeGitHub) -> Config {
    let mut config = Config::new(github.token().into());
    config.api_base = url(&github.api_url());
    config.storage_origins = vec![url(&github.storage_url())];
    config
}

/// A client with a clock on which waiting takes no time.
fn client(github: &FakeGitHub) -> (GitHubClient, Arc<SkippingClock>) {
    client_of(config(github))
}

fn client_of(config: Config) -> (GitHubClient, Arc<SkippingClock>) {
    let clock = SkippingClock::new();
    (GitHubClient::with_clock(config, clock.clone()).expect("the configuration is valid"), clock)
}

fn url(text: &str) -> Url {
    text.parse().expect("a URL")
}

fn repository(name: &str) -> RepositoryName {
    RepositoryName::parse(name).expect("a repository's name")
}

fn pull_request_id(number: u64) -> PullRequestId {
    PullRequestId { repository: repository("octo/app"), number }
}

fn sha(text: &str) -> CommitSha {
    CommitSha::parse(text).expect("a commit's name")
}

/// All texts of an error: its message, its debug form and its sources.
fn all_of(error: &PortError) -> String {
    let mut text = format!("{error}\n{error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!("\n{error}\n{error:?}");
        cause = error.source();
    }
    text
}
