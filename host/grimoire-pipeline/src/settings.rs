//! What an operator may choose about judging and reporting.

use std::collections::BTreeMap;

use crate::FailurePolicy;

/// Sizes and thresholds of the use cases.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// How many candidate spells search offers for one diagnostic; from 1. Default 64.
    pub candidates: usize,
    /// The least score, in [0, 1], of a spell that is shown. Default 0.5.
    pub threshold: f64,
    /// How many spells are shown for one diagnostic; from 1. Default 3.
    pub spells_per_error: usize,
    /// How many errors a comment on a pull request shows. Default 10.
    pub errors_per_review: usize,
    /// How many different diagnostics of one artifact are kept; the others are counted in a gap.
    /// Default 1,000.
    pub diagnostics_per_artifact: usize,
    /// How many different diagnostics of one diagnosis are matched, the gravest first; the others
    /// are reported without spells. Default 200.
    pub errors_per_diagnosis: usize,
    /// How many diagnostics are matched at the same time; from 1. Default 4.
    pub concurrency: usize,
    /// How many logs of failed CI jobs one review reads. Default 20.
    pub logs_per_review: usize,
    /// How many artifacts of failed runs one review reads, of those whose names speak of reports; 0 for none.
    /// Default 10.
    pub artifacts_per_review: usize,
    /// The most bytes of one artifact; more is refused. Default 1 GiB.
    pub maximum_artifact_bytes: u64,
    /// How many compiled patterns are kept; from 1. Default 1,024.
    pub pattern_cache: usize,
    /// Whether reviews are told in a comment at all. Default true.
    pub publish: bool,
    /// Whether a pull request for which nothing known matches gets no new comment. Default true.
    pub quiet: bool,
    /// What becomes of an answer when a plugin fails, by the plugin's name. Default: `fallback`.
    pub failure_policies: BTreeMap<String, FailurePolicy>,
}

impl Settings {
    /// What becomes of an answer when this plugin fails.
    pub fn failure_policy(&self, plugin: &str) -> FailurePolicy {
        self.failure_policies.get(plugin).copied().unwrap_or_default()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            candidates: 64,
            threshold: 0.5,
            spells_per_error: 3,
            errors_per_review: 10,
            diagnostics_per_artifact: 1_000,
            errors_per_diagnosis: 200,
            concurrency: 4,
            logs_per_review: 20,
            artifacts_per_review: 10,
            maximum_artifact_bytes: 1 << 30,
            pattern_cache: 1_024,
            publish: true,
            quiet: true,
            failure_policies: BTreeMap::new(),
        }
    }
}
