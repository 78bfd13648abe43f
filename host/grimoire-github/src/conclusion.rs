//! Conclusions of CI.

/// Returns true if a `conclusion` of checks, runs and jobs, or the `state` of a commit status, is a
/// failure. `cancelled` and `action_required` are not: they say nothing about the code.
pub(crate) fn is_failure(conclusion: &str) -> bool {
    matches!(conclusion, "failure" | "timed_out" | "startup_failure" | "error")
}
