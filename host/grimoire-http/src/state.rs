//! What every handler can reach.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use grimoire_pipeline::Pipeline;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::kept::KeptSpells;

/// Handles to what the routes use. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub pipeline: Pipeline,
    /// Who may write.
    pub access: Arc<Access>,
    /// What the operator chose.
    pub options: Arc<HttpOptions>,
    /// Spells as they were last sent; empty at the start.
    pub kept: KeptSpells,
    /// When the process started.
    pub started_at: Timestamp,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Cancelled when the server ends. Event streams end then, at once: who follows one connects again
    /// and goes on after the last event seen.
    pub shutdown: CancellationToken,
}

/// What handlers take: one count to clone instead of many.
pub(crate) type Shared = Arc<AppState>;

/// What the operator chose for the HTTP face.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Origins that browsers may call from, such as `https://ci.example.org`; empty: none.
    pub cors_origins: Vec<String>,
    /// The most bytes of a webhook's body: GitHub sends at most 25 MiB.
    pub webhook_limit: usize,
    /// The most bytes of a JSON body.
    pub json_limit: usize,
    /// The most bytes of an artifact that is streamed to the analyzers.
    pub artifact_limit: u64,
    /// How long an ordinary request may take.
    pub request_timeout: Duration,
    /// How long a request that streams an artifact, or prepares a backup, may take.
    pub artifact_timeout: Duration,
    /// Where a backup lies while it is sent; with room for the whole store.
    pub backup_folder: PathBuf,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            webhook_limit: 25 << 20,
            json_limit: 2 << 20,
            artifact_limit: 1 << 30,
            request_timeout: Duration::from_secs(30),
            artifact_timeout: Duration::from_secs(600),
            backup_folder: std::env::temp_dir(),
        }
    }
}

/// The tokens that may write. Only their digests are kept.
#[derive(Debug, Default)]
pub struct Access {
    tokens: Vec<(String, [u8; 32])>,
}

impl Access {
    /// Labelled tokens; none means that everybody who can reach the server may write, which is why
    /// the server listens on loopback only then.
    pub fn new(tokens: &[(String, SecretString)]) -> Self {
        let digest = |token: &SecretString| Sha256::digest(token.expose_secret().as_bytes()).into();
        Self { tokens: tokens.iter().map(|(label, token)| (label.clone(), digest(token))).collect() }
    }

    /// Whether writes need a token.
    pub fn is_closed(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// The label of a token. Digests are compared, whole and all of them, so that the time taken
    /// tells nothing of a token.
    pub fn label_of(&self, token: &str) -> Option<&str> {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        for (label, digest) in &self.tokens {
            let difference = digest.iter().zip(&given).fold(0_u8, |all, (left, right)| all | (left ^ right));
            if difference == 0 {
                found = Some(label.as_str());
            }
        }
        found
    }
}
