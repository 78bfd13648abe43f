//! The error that verbs return.

use std::error::Error;
use std::time::Duration;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::validation::{FieldError, FieldErrors};
use grimoire_ports::PortError;

/// Why a verb could not do what it was asked.
///
/// Its text is for the person who asked: it names the thing and the remedy and holds no secret.
/// What operators need is in its source.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PipelineError {
    kind: ErrorKind,
    message: String,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    plugin: Option<Box<PluginProblem>>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl PipelineError {
    /// An error without a cause of its own.
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            plugin: None,
            source: None,
        }
    }

    /// The same error, with the plugin whose failure it is.
    pub(crate) fn because_of(self, problem: PluginProblem) -> Self {
        Self { plugin: Some(Box::new(problem)), ..self }
    }

    /// The same error, saying first what it was that failed.
    pub(crate) fn about(self, what: &str) -> Self {
        Self { message: format!("{what}: {}", self.message), ..self }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The fields that are wrong, in the order of the input; empty when no field is to blame.
    pub fn field_errors(&self) -> &[FieldError] {
        &self.fields
    }

    /// The plugin whose failure this is, where its failure policy lets nothing else stand in.
    pub fn failed_plugin(&self) -> Option<&PluginProblem> {
        self.plugin.as_deref()
    }

    /// How long to wait before trying again, where known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
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
            source: Some(Box::new(error)),
        }
    }
}

impl From<FieldErrors> for PipelineError {
    fn from(errors: FieldErrors) -> Self {
        Self { fields: errors.errors().to_vec(), ..Self::new(ErrorKind::Invalid, errors.to_string()) }
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
