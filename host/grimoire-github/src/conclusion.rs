//! How CI ends.

/// Whether a `conclusion` of checks, runs and jobs, or the `state` of a commit status, is a failure of
/// what was checked. `cancelled` and `action_required` are not: nothing was found to be wrong.
pub(crate) fn is_failure(conclusion: &str) -> bool {
    matches!(conclusion, "failure" | "timed_out" | "startup_failure" | "error")
}
