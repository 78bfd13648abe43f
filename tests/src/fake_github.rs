//! A fake GitHub: stateful, over real HTTP on loopback, and exact where clients make mistakes.
//!
//! ```no_run
//! # async fn example() {
//! use grimoire_tests::fake_github::FakeGitHub;
//!
//! let github = FakeGitHub::start().await;
//! let pull_request = github
//!     .repository("octo/app")
//!     .pull_request(7)
//!     .titled("Upgrade the parser")
//!     .failing_job("build", "error[E0308]: mismatched types\n");
//! // …point a client at `github.api_url()` with `github.token()`, let it work, then:
//! assert_eq!(pull_request.comments().len(), 1);
//! assert_eq!(github.ledger().count("POST", "/repos/*/*/issues/*/comments"), 1);
//! # }
//! ```
//!
//! It fails closed: an unknown route, a token sent to the storage and a request without `User-Agent`
//! are refused and recorded as violations. Dropping it panics if a violation is left, so that no test
//! has to remember to check.

mod artifacts;
mod diff;
mod events;
mod handles;
pub mod log;
mod routes;
mod server;
mod shapes;
mod state;
mod storage;
mod webhook;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use handles::{CommentView, PullRequestHandle, RepositoryHandle};
pub use state::ChangedFile;
pub use webhook::{Receipt, Webhook};

use crate::faults::{Fault, FaultPlan};
use crate::ledger::{Ledger, Server};
use state::{OwnerToken, RateLimit, State};

/// A running fake GitHub. Stops when dropped.
#[derive(Debug)]
pub struct FakeGitHub {
    shared: Arc<Shared>,
    servers: [JoinHandle<()>; 2],
}

/// The state that both servers and all handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    ledger: Ledger,
    faults: FaultPlan,
    api: SocketAddr,
    storage: SocketAddr,
}

impl Shared {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    pub(crate) fn storage_url(&self) -> String {
        format!("http://{}", self.storage)
    }
}

impl FakeGitHub {
    /// Starts with one account and no repository, on two free ports of 127.0.0.1.
    pub async fn start() -> Self {
        let bind = || TcpListener::bind(("127.0.0.1", 0));
        let api = bind().await.expect("loopback has a free port");
        let storage = bind().await.expect("loopback has a free port");
        let address =
            |listener: &TcpListener| listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new()),
            ledger: Ledger::default(),
            faults: FaultPlan::default(),
            api: address(&api),
            storage: address(&storage),
        });
        let servers = [
            tokio::spawn(server::serve(api, Server::Api, routes::router(&shared), Arc::clone(&shared))),
            tokio::spawn(server::serve(
                storage,
                Server::Storage,
                storage::router(&shared),
                Arc::clone(&shared),
            )),
        ];
        Self { shared, servers }
    }

    /// The URL of the REST API: `http://127.0.0.1:PORT`. The same API is served below `/api/v3`,
    /// like on GitHub Enterprise Server.
    pub fn api_url(&self) -> String {
        self.shared.api_url()
    }

    /// The URL of the storage of logs and artifacts: another port, which is another origin.
    pub fn storage_url(&self) -> String {
        self.shared.storage_url()
    }

    /// The account's token, which sees every repository.
    pub fn token(&self) -> String {
        self.shared.state().token.clone()
    }

    /// Creates a token for the repositories of `owner`, with its own rate limit. Sending it with a request for
    /// another owner's repository is a violation.
    pub fn token_for(&self, owner: &str) -> String {
        let token = format!("token-for-{owner}");
        let known = OwnerToken { owner: owner.to_owned(), limit: RateLimit::new() };
        self.shared.state().owner_tokens.insert(token.clone(), known);
        token
    }

    /// Sets the remaining primary rate limit of a token of [`Self::token_for`], and its reset time in seconds
    /// since 1970.
    ///
    /// # Panics
    /// If there is no such token.
    pub fn rate_limit_for(&self, owner: &str, remaining: u64, reset: i64) -> &Self {
        let mut state = self.shared.state();
        let token = state.owner_tokens.values_mut().find(|token| token.owner == owner);
        token.expect("the token was made").limit = RateLimit { remaining, reset };
        drop(state);
        self
    }

    /// The login of the token's account.
    pub fn account(&self) -> String {
        self.shared.state().account.clone()
    }

    /// A repository by `owner/name`, created if it does not exist.
    ///
    /// # Panics
    /// If the name has no slash.
    pub fn repository(&self, full_name: &str) -> RepositoryHandle {
        RepositoryHandle::new(&self.shared, full_name)
    }

    /// All requests and responses so far.
    pub fn ledger(&self) -> &Ledger {
        &self.shared.ledger
    }

    /// Plans a fault.
    pub fn fault(&self, fault: Fault) -> &Self {
        self.shared.faults.add(fault);
        self
    }

    /// Makes all log links given out so far expire, as they do after a minute.
    pub fn expire_log_links(&self) -> &Self {
        self.shared.state().links.clear();
        self
    }

    /// Sets the remaining primary rate limit of the account's token, and its reset time in seconds since 1970.
    pub fn rate_limit(&self, remaining: u64, reset: i64) -> &Self {
        let mut state = self.shared.state();
        state.limit = RateLimit { remaining, reset };
        drop(state);
        self
    }

    /// The payload of a `ping`, which GitHub sends when a webhook is created. It names no repository.
    pub fn ping_event(&self) -> Value {
        shapes::ping(&self.shared.state(), &self.api_url())
    }

    /// Sends a webhook, signed with `secret`, to `url`; returns the response.
    ///
    /// # Panics
    /// If nobody answers at `url`.
    pub async fn deliver(&self, url: &str, event: &str, payload: &Value, secret: &str) -> Receipt {
        Webhook::new(event, payload).signed_with(secret).deliver(url).await
    }
}

impl Drop for FakeGitHub {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
        let violations = self.shared.ledger.violations();
        assert!(
            violations.is_empty() || std::thread::panicking(),
            "the fake GitHub was misused: {violations:#?}"
        );
    }
}
