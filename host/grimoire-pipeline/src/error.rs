//! The error that verbs return.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use grimoire_domain::actor::Forbidden;
use grimoire_domain::kind::{ErrorKind, Resource};
use grimoire_domain::review::PluginProblem;
use grimoire_domain::validation::{FieldError, FieldErrors};
use grimoire_jobs::Stop;
use grimoire_ports::PortError;

/// Why an operation failed.
///
/// The text is for the caller: it names the thing and the remedy and contains no secret. Details
/// for operators are in the source.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PipelineError {
    kind: ErrorKind,
    message: String,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    plugin: Option<Box<PluginProblem>>,
    missing: Option<Resource>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PipelineError {
    /// An error without a source.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            plugin: None,
            missing: None,
            source: None,
        }
    }

    /// The resource does not exist.
    pub(crate) fn missing(resource: Resource, id: impl fmt::Display) -> Self {
        let message = format!("{} with id {id} not found", resource.title());
        Self { missing: Some(resource), ..Self::new(ErrorKind::NotFound, message) }
    }

    /// Converts a port's error for a request of this resource.
    pub(crate) fn asking_for(resource: Resource, id: impl fmt::Display, error: PortError) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self { source: Some(Box::new(error)), ..Self::missing(resource, id) },
            _ => error.into(),
        }
    }

    /// Adds the plugin whose failure it is.
    pub(crate) fn because_of(self, problem: PluginProblem) -> Self {
        Self { plugin: Some(Box::new(problem)), ..self }
    }

    /// Prefixes the message with the thing that failed.
    pub(crate) fn about(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The invalid fields in the order of the input; empty if no field is to blame.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.fields
    }

    /// The plugin whose failure this is, if its failure policy is `fail`.
    pub fn failed_plugin(&self) -> Option<&PluginProblem> {
        self.plugin.as_deref()
    }

    /// The kind of resource that does not exist, if that is the error.
    pub fn missing_resource(&self) -> Option<Resource> {
        self.missing
    }

    /// How long to wait before a retry, if known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<PipelineError> for PortError {
    fn from(error: PipelineError) -> Self {
        let port = Self::new(error.kind, error.message.clone());
        let port = match error.retry_after {
            Some(after) => port.with_retry_after(after),
            None => port,
        };
        port.with_source(error)
    }
}

impl From<PipelineError> for Stop {
    fn from(error: PipelineError) -> Self {
        PortError::from(error).into()
    }
}

impl From<PortError> for PipelineError {
    fn from(error: PortError) -> Self {
        let fields = error
            .source()
            .and_then(|source| source.downcast_ref::<FieldErrors>())
            .map(|errors| errors.errors().to_vec())
            .unwrap_or_default();
        Self {
            kind: error.kind(),
            message: error.to_string(),
            fields,
            retry_after: error.retry_after(),
            plugin: None,
            missing: None,
            source: Some(Box::new(error)),
        }
    }
}

impl From<FieldErrors> for PipelineError {
    fn from(errors: FieldErrors) -> Self {
        Self { fields: errors.errors().to_vec(), ..Self::new(ErrorKind::Invalid, errors.to_string()) }
    }
}

impl From<Forbidden> for PipelineError {
    fn from(error: Forbidden) -> Self {
        Self::new(ErrorKind::Forbidden, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_errors_survive_the_way_through_a_port() {
        let port: PortError = FieldErrors::one("title", "must not be empty").into();
        let error = PipelineError::from(port.with_retry_after(Duration::from_secs(3)));
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert_eq!(error.field_errors()[0].field, "title");
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
        assert!(error.to_string().contains("must not be empty"));
    }
}
