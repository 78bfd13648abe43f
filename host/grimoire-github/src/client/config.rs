//! What a client is built from.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

/// Where GitHub's public API is.
pub const PUBLIC_API: &str = "https://api.github.com";

/// The hosts that GitHub's public API redirects to for logs and artifacts, with all below them.
pub const DEFAULT_STORAGE_HOSTS: [&str; 2] = ["blob.core.windows.net", "actions.githubusercontent.com"];

/// What a client is built from. The defaults fit GitHub's public API.
#[derive(Debug, Clone)]
pub struct Config {
    /// The API's base, such as `https://ghe.example/api/v3`. The token is sent to exactly this scheme,
    /// host and port. `https`, or `http` to a loopback address; no user, query or fragment.
    pub api_base: Url,
    /// A personal access token: fine-grained, with read access to contents, pull requests, actions and
    /// metadata, and write access to pull requests or issues. Read access to checks adds annotations.
    pub token: SecretString,
    /// What `User-Agent` says. GitHub refuses requests without it.
    pub user_agent: String,
    /// Domains that logs and artifacts may be fetched from, with all below them: over `https`, from public
    /// addresses, without the token.
    pub storage_hosts: Vec<String>,
    /// Scheme, host and port from which logs and artifacts may be fetched whatever their address is, without the
    /// token: an enterprise server's storage, a test's loopback port. The API's own is always one.
    pub storage_origins: Vec<Url>,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// How large things may be.
    pub caps: Caps,
    /// The longest wait for a rate limit within a call. Above it the call ends with `TooManyRequests`
    /// and the time to wait.
    pub patience: Duration,
    /// The least time between two writes.
    pub write_interval: Duration,
}

impl Config {
    /// The defaults, for GitHub's public API.
    pub fn new(token: SecretString) -> Self {
        Self {
            api_base: Url::parse(PUBLIC_API).expect("the constant is a URL"),
            token,
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

/// How long things may take, in real time.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// To connect, encryption included.
    pub connect: Duration,
    /// Without a byte arriving.
    pub idle: Duration,
    /// For one request to the API with the whole of its answer. GitHub itself gives up after 10 s.
    pub total: Duration,
    /// For one log or artifact with the whole of its body.
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

/// How large things may be, in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// One answer of the API, diffs included.
    pub answer: usize,
    /// How much of a diff that is put together from files is kept.
    pub diff: usize,
    /// How much of the beginning of a job log is passed on. Costs no memory.
    pub log_head: u64,
    /// How much of the end of a job log is passed on, where it is longer than `log_head`. Held in
    /// memory.
    pub log_tail: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { answer: 8 << 20, diff: 16 << 20, log_head: 64 << 20, log_tail: 4 << 20 }
    }
}
