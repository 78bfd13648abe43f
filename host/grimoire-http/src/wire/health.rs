//! Health on the wire.

use grimoire_pipeline::{Health, HealthPart, HealthStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// A health status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = HealthStatus)]
pub enum HealthWord {
    /// It works.
    Healthy,
    /// It works with restrictions.
    Degraded,
    /// It does not work.
    Unhealthy,
}

impl From<HealthStatus> for HealthWord {
    fn from(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy => Self::Healthy,
            HealthStatus::Degraded => Self::Degraded,
            HealthStatus::Unhealthy => Self::Unhealthy,
        }
    }
}

/// A part with its own endpoint.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "documents the words of a path")]
pub(crate) enum PartName {
    /// The store.
    Db,
    /// The job queue.
    Queue,
    /// The search index.
    Index,
    /// The plugins.
    Plugins,
}

/// The health of one part.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = HealthPart)]
pub struct PartBody {
    /// The status.
    pub status: HealthWord,
    /// The state, and the remedy if it is bad.
    pub detail: String,
}

impl From<HealthPart> for PartBody {
    fn from(part: HealthPart) -> Self {
        Self { status: part.status.into(), detail: part.detail }
    }
}

/// The health of the service.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthBody {
    /// The worst status of the parts.
    pub status: HealthWord,
    /// The name of the service.
    #[schema(example = "grimoire")]
    pub service: &'static str,
    /// The server's version.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// The start time of the process.
    #[schema(format = DateTime)]
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
            status: health.status().into(),
            service: "grimoire",
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
