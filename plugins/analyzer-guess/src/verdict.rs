//! The outcome that a line states of the whole step or run.

use grimoire_plugin_sdk::{Marker, text::Beginnings};

use crate::words::is_announcement;

/// The verdict of a line about the whole step or run.
pub(crate) enum Verdict {
    Failed,
    Passed,
}

static FAILED: Beginnings = Beginnings::new(&[
    "Process completed with exit code",
    "Error: Process completed with exit code",
    "error: Process completed with exit code",
    "ERROR: Job failed",
    "BUILD FAIL",
    "Build FAIL",
    "Finished: FAILURE",
    "FAILURE: Build",
    "FAILED",
    "make: *** ",
    "npm ERR!",
    "npm error",
    "error Command failed",
    "Exited with code exit status",
    "exit status ",
    "Bash exited with code",
    "The operation was canceled",
    "fatal: ",
    "Traceback (most recent call last)",
    "panic: ",
    "error: ",
    "Error: ",
    "ERROR: ",
]);

static PASSED: Beginnings = Beginnings::new(&[
    "BUILD SUCCESS",
    "Build succeeded",
    "Finished: SUCCESS",
    "Job succeeded",
    "test result: ok",
    "Done. Your build exited with 0",
    "Successfully ",
    "All checks passed",
    "All tests passed",
    "OK (",
    "PASS",
]);

/// The outcome of the step or the run, if the line states it.
pub(crate) fn verdict(text: &str, marker: Option<Marker>) -> Option<Verdict> {
    if marker == Some(Marker::Error) {
        return Some(Verdict::Failed);
    }
    // Maven and sbt state the outcome after a level.
    let text =
        ["[INFO] ", "[info] ", "[error] "].iter().find_map(|level| text.strip_prefix(level)).unwrap_or(text);
    if FAILED.begin(text)
        || is_announcement(text)
        || text.starts_with("The command \"") && !text.ends_with("exited with 0.")
    {
        return Some(Verdict::Failed);
    }
    if let Some((_, code)) = text.rsplit_once(" exited with ")
        && !code.trim_start_matches("code ").starts_with('0')
    {
        return Some(Verdict::Failed);
    }
    // `error building the kettle: exit status 1`
    if text.ends_with(|c: char| c.is_ascii_digit())
        && let Some((_, code)) = text.rsplit_once(": exit status ")
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && code != "0"
    {
        return Some(Verdict::Failed);
    }
    PASSED.begin(text).then_some(Verdict::Passed)
}
