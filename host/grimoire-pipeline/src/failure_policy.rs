//! What becomes of an answer when a plugin fails.

use std::str::FromStr;

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::review::PluginProblem;
use grimoire_ports::plugins::PluginError;

use crate::PipelineError;

/// What becomes of an answer when one plugin fails. An operator chooses it for each plugin.
///
/// An analyzer that says that it does not handle an artifact has not failed: the host goes on
/// without it, whatever the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FailurePolicy {
    /// Something else stands in, and the answer says `degraded`. For a matcher: keyword order, which
    /// is shown and never posted. For an analyzer: what it found before, and what the others find.
    #[default]
    Fallback,
    /// As if the plugin were not there. For a matcher: no spell is shown, and the answer says
    /// `degraded`, since nothing was judged. For an analyzer: nothing of it is used, and only the
    /// log and the plugin's own record tell of the failure.
    Skip,
    /// The request or the attempt of the job fails, naming the plugin. Jobs are tried again as after
    /// any failure in passing.
    Fail,
}

impl FailurePolicy {
    /// Every policy, the default first.
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

/// The error of a plugin whose policy is [`FailurePolicy::Fail`].
pub(crate) fn failed(problem: PluginProblem) -> PipelineError {
    let error = PluginError(problem);
    let kind = match error.kind() {
        // A visitor may know which plugin failed, as every other answer says it too, and the
        // operator decided that there is no answer without it: nothing here is a defect of ours.
        ErrorKind::Internal => ErrorKind::Unavailable,
        kind => kind,
    };
    let message = format!("{error}; its failure policy is `fail`");
    PipelineError::new(kind, message).because_of(error.0)
}
