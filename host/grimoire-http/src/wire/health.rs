//! Health on the wire.

use grimoire_pipeline::{Health, HealthPart};
use serde::Serialize;
use utoipa::ToSchema;

/// How well one part is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartBody {
    /// `ok`, `degraded` or `failing`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// What is so, and what to do about it.
    pub detail: String,
}

impl From<HealthPart> for PartBody {
    fn from(part: HealthPart) -> Self {
        Self { status: part.status.as_str(), detail: part.detail }
    }
}

/// How well everything is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HealthBody {
    /// The worst of the parts: `ok`, `degraded` or `failing`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// The server's version.
    pub version: &'static str,
    /// Since when the process runs, RFC 3339.
    pub started_at: String,
    /// The store.
    pub db: PartBody,
    /// The job queue.
    pub queue: PartBody,
    /// The search index.
    pub index: PartBody,
    /// The plugins.
    pub plugins: PartBody,
    /// The connection to GitHub; not counted in `status`.
    pub github: PartBody,
}

impl HealthBody {
    pub(crate) fn new(health: Health, started_at: String) -> Self {
        Self {
            status: health.status().as_str(),
            version: env!("CARGO_PKG_VERSION"),
            started_at,
            db: health.db.into(),
            queue: health.queue.into(),
            index: health.index.into(),
            plugins: health.plugins.into(),
            github: health.github.into(),
        }
    }
}
