//! The configuration of a client.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// The base URL of GitHub's public API.
pub const PUBLIC_API: &str = "https://api.github.com";

/// The domains, including subdomains, to which GitHub's public API redirects for logs and artifacts.
pub const DEFAULT_STORAGE_HOSTS: [&str; 2] = ["blob.core.windows.net", "actions.githubusercontent.com"];

/// The configuration of a client. The defaults fit GitHub's public API.
#[derive(Debug, Clone)]
pub struct Config {
    /// The API's base, such as `https://ghe.example/api/v3`. The token is sent to exactly this scheme,
    /// host and port. `https`, or `http` to a loopback address; no user, query or fragment.
    pub api_base: Url,
    /// A personal access token: fine-grained, with read access to contents, pull requests, actions and
    /// metadata, and write access to pull requests or issues. Read access to checks adds annotations. Used
    /// for the repositories of all accounts that are not in `tokens`.
    pub token: Option<SecretString>,
    /// Tokens by account name, each for the repositories of that account: a fine-grained token is valid for
    /// one account only.
    pub tokens: BTreeMap<String, SecretString>,
    /// The value of `User-Agent`. GitHub refuses requests without it.
    pub user_agent: String,
    /// Domains, including subdomains, from which logs and artifacts may be fetched: over `https`, from
    /// public addresses, without the token.
    pub storage_hosts: Vec<String>,
    /// Origins (scheme, host and port) from which logs and artifacts may be fetched at any address, without the
    /// token: an enterprise server's storage, a test's loopback port. The API's own origin is always included.
    pub storage_origins: Vec<Url>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Size limits.
    pub caps: Caps,
    /// The longest wait for a rate limit within a call. A call that would have to wait longer fails
    /// with `TooManyRequests` and the time to wait.
    pub patience: Duration,
    /// Minimum time between two writes.
    pub write_interval: Duration,
}

impl Config {
    /// The defaults for GitHub's public API with one token.
    pub fn new(token: SecretString) -> Self {
        Self { token: Some(token), ..Self::without_token() }
    }

    /// The defaults for GitHub's public API. Without a token, every call is refused.
    pub fn without_token() -> Self {
        Self {
            api_base: Url::parse(PUBLIC_API).expect("the constant is a URL"),
            token: None,
            tokens: BTreeMap::new(),
            user_agent: concat!("grimoire/", env!("CARGO_PKG_VERSION")).to_owned(),
            storage_hosts: DEFAULT_STORAGE_HOSTS.map(str::to_owned).to_vec(),
            storage_origins: Vec::new(),
            timeouts: Timeouts::default(),
            caps: Caps::default(),
            patience: Duration::from_secs(3),
            write_interval: Duration::from_secs(1),
        }
    }
}

/// Time limits, in real time.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For connecting, including TLS.
    pub connect: Duration,
    /// The longest time without a byte arriving.
    pub idle: Duration,
    /// For one API request with its whole response. GitHub itself gives up after 10 s.
    pub total: Duration,
    /// For one log or artifact with its whole body.
    pub download: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(15),
            total: Duration::from_secs(30),
            download: Duration::from_secs(600),
        }
    }
}

/// Size limits in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// For one response of the API, including diffs.
    pub answer: usize,
    /// For a diff that is assembled from files; the rest is dropped.
    pub diff: usize,
    /// How much of the beginning of a job log is passed on. Uses no memory.
    pub log_head: u64,
    /// How much of the end of a job log is passed on, if the log is longer than `log_head`. Held in
    /// memory.
    pub log_tail: usize,
    /// How much of a job log is read: what goes on beyond it may never end.
    pub log_read: u64,
}

impl Default for Caps {
    fn default() -> Self {
        Self { answer: 8 << 20, diff: 16 << 20, log_head: 64 << 20, log_tail: 4 << 20, log_read: 1 << 30 }
    }
}
