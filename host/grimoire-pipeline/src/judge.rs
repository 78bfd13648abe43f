//! The use cases that run plugins, with one plugin set from the first artifact to the last spell.

use std::sync::Arc;
use std::time::Duration;

use grimoire_domain::actor::{Actor, Permission};
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use grimoire_ports::plugins::PluginSet;

use crate::{Pipeline, PipelineError};

/// When to retry while plugins are being prepared.
const SOON: Duration = Duration::from_secs(2);

/// Finds errors and matching spells, always with the plugins that were current when it was created.
///
/// A request, job or command creates one judge and uses it throughout. Replaced plugins keep working for existing
/// judges, so that no answer mixes two generations. Cheap to clone.
#[derive(Clone)]
pub struct Judge {
    pub(crate) pipeline: Pipeline,
    pub(crate) plugins: Arc<dyn PluginSet>,
    /// The repository whose errors are judged.
    pub(crate) repository: Option<RepositoryName>,
}

impl Pipeline {
    /// A judge with the current plugins. Requires the permission to read.
    pub fn judge(&self, actor: &Actor) -> Result<Judge, PipelineError> {
        actor.require(Permission::Read)?;
        Ok(Judge { pipeline: self.clone(), plugins: self.plugins().current(), repository: None })
    }
}

impl Judge {
    /// The same judge for the errors of a repository: spells are offered by their scopes. Without a repository, only
    /// global spells are offered.
    #[must_use]
    pub fn for_repository(self, repository: Option<RepositoryName>) -> Self {
        Self { repository, ..self }
    }

    /// Fails with `Unavailable` until the host has loaded its first plugins, which it does once a new store has its spells.
    pub(crate) fn require_plugins(&self) -> Result<(), PipelineError> {
        if self.generation() > 0 {
            return Ok(());
        }
        let reason = match self.pipeline.still_filling() {
            Some(filling) => format!("the store is new: {filling}; try again later"),
            None => "the plugins are still being prepared; try again later".to_owned(),
        };
        Err(PortError::new(ErrorKind::Unavailable, reason).with_retry_after(SOON).into())
    }

    /// Where the errors come from, as the end of a sentence.
    pub(crate) fn origin(&self) -> String {
        self.repository.as_ref().map(|repository| format!(", from {repository}")).unwrap_or_default()
    }

    /// The generation of the plugin set.
    pub fn generation(&self) -> u64 {
        self.plugins.generation()
    }
}
