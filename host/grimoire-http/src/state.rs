//! The state of all handlers.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::actor::{Actor, Permission};
use grimoire_pipeline::Pipeline;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::extract::intake::{UnverifiedBytes, UploadPlaces};

/// Handles for the routes. Cheap to clone.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub pipeline: Pipeline,
    /// The configured tokens and their permissions.
    pub access: Arc<Access>,
    /// The operator's options.
    pub options: Arc<HttpOptions>,
    /// The start time of the process.
    pub started_at: Timestamp,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Cancelled when the server shuts down. Event streams end then at once: clients reconnect and
    /// resume after the last event seen.
    pub shutdown: CancellationToken,
}

/// The state as passed to handlers: one reference count to clone instead of many.
pub(crate) type Shared = Arc<SharedState>;

/// The state with the limits that all requests share.
pub(crate) struct SharedState {
    app: AppState,
    pub(crate) unverified: UnverifiedBytes,
    pub(crate) uploads: UploadPlaces,
}

impl SharedState {
    pub(crate) fn new(app: AppState) -> Self {
        let unverified = UnverifiedBytes::new(app.options.unverified_limit);
        let uploads = UploadPlaces::new(app.options.upload_places);
        Self { app, unverified, uploads }
    }
}

impl Deref for SharedState {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.app
    }
}

/// The operator's options of the HTTP interface.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Origins that browsers may call from, such as `https://ci.example.org`; empty: none.
    pub cors_origins: Vec<String>,
    /// Maximum size of a webhook's body in bytes: GitHub sends at most 25 MiB.
    pub webhook_limit: usize,
    /// Maximum total size in bytes of all webhook bodies whose signature is not yet verified.
    pub unverified_limit: usize,
    /// Maximum size of a JSON body in bytes.
    pub json_limit: usize,
    /// Maximum size of an imported spellbook in bytes.
    pub import_limit: usize,
    /// The maximum number of bytes of a plugin's component.
    pub plugin_limit: usize,
    /// Maximum size of a streamed artifact in bytes.
    pub artifact_limit: u64,
    /// Maximum number of concurrent uploads; the plugin host has further capacity for jobs.
    pub upload_places: usize,
    /// Minimum rate of an upload in bytes per second, averaged over the upload.
    pub upload_rate: u64,
    /// The time allowed for an upload in addition to that of the minimum rate.
    pub upload_grace: Duration,
    /// Time limit of an ordinary request.
    pub request_timeout: Duration,
    /// Time limit of a request that streams an artifact or prepares a backup.
    pub artifact_timeout: Duration,
    /// The folder for backups while they are sent; needs room for the whole store.
    pub backup_folder: PathBuf,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            webhook_limit: 25 << 20,
            unverified_limit: 100 << 20,
            json_limit: 2 << 20,
            import_limit: 64 << 20,
            plugin_limit: 64 << 20,
            artifact_limit: 1 << 30,
            upload_places: 4,
            upload_rate: 4 << 10,
            upload_grace: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            artifact_timeout: Duration::from_secs(600),
            backup_folder: std::env::temp_dir(),
        }
    }
}

/// A configured token.
#[derive(Debug, Clone)]
pub struct ApiToken {
    /// The name in revisions and logs.
    pub label: String,
    /// The permission of its holder.
    pub permission: Permission,
    /// The secret itself.
    pub token: SecretString,
}

/// The configured tokens, as digests only.
#[derive(Debug, Default)]
pub struct Access {
    tokens: Vec<(Actor, [u8; 32])>,
}

impl Access {
    /// Without tokens, everybody who can reach the server may do everything; the server therefore listens on
    /// loopback only.
    pub fn new(tokens: &[ApiToken]) -> Self {
        let known = |token: &ApiToken| {
            let actor = Actor::Token { label: token.label.clone(), permission: token.permission };
            (actor, Sha256::digest(token.token.expose_secret().as_bytes()).into())
        };
        Self { tokens: tokens.iter().map(known).collect() }
    }

    /// Returns true if tokens are configured.
    pub fn is_closed(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// The holder of a token. All digests are compared in full, so that the time taken reveals
    /// nothing about a token.
    pub fn holder_of(&self, token: &str) -> Option<Actor> {
        let given: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let mut found = None;
        for (actor, digest) in &self.tokens {
            let difference = digest.iter().zip(&given).fold(0_u8, |all, (left, right)| all | (left ^ right));
            if difference == 0 {
                found = Some(actor);
            }
        }
        found.cloned()
    }
}
