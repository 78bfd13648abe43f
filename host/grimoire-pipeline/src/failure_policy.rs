//! How a plugin's failure affects the answer.

use std::str::FromStr;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::plugins::PluginError;

use crate::PipelineError;

/// How the failure of one plugin affects the answer. An operator chooses a policy for each plugin.
///
/// An analyzer that does not support an artifact has not failed: the host continues without it,
/// whatever the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FailurePolicy {
    /// Use a substitute and mark the answer as `degraded`. For a matcher: keyword order, which is
    /// shown but never posted. For an analyzer: its earlier findings and those of the others.
    #[default]
    Fallback,
    /// Ignore the plugin. For a matcher: no spell is shown, and the answer is `degraded`, since
    /// nothing was judged. For an analyzer: none of its findings are used, and only the log and the
    /// plugin's statistics record the failure.
    Skip,
    /// The request or the job's attempt fails and names the plugin. Jobs are retried as after any
    /// transient failure.
    Fail,
}

impl FailurePolicy {
    /// All policies, the default first.
    pub const ALL: [Self; 3] = [Self::Fallback, Self::Skip, Self::Fail];

    /// The word in settings: `fallback`, `skip` or `fail`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::Skip => "skip",
            Self::Fail => "fail",
        }
    }
}

/// The text is no failure policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be fallback, skip or fail")]
pub struct UnknownFailurePolicy;

impl FromStr for FailurePolicy {
    type Err = UnknownFailurePolicy;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == text).ok_or(UnknownFailurePolicy)
    }
}

/// The error for a plugin whose policy is [`FailurePolicy::Fail`].
pub(crate) fn failed(problem: PluginProblem) -> PipelineError {
    let error = PluginError(problem);
    let kind = match error.kind() {
        // Callers may know which plugin failed, as other answers say it too, and the operator
        // decided that there is no answer without it. This is no defect of Grimoire.
        ErrorKind::Internal => ErrorKind::Unavailable,
        kind => kind,
    };
    let message = format!("{error}; its failure policy is `fail`");
    PipelineError::new(kind, message).because_of(error.0)
}
