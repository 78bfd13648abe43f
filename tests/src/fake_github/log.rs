//! Logs in the form of GitHub Actions.

use std::fmt::Write as _;

/// The log of a job that ran `command` and failed: a byte-order mark, a timestamp before every line,
/// the command in a group, its output, and the exit code.
pub fn actions_log(command: &str, output: &str) -> String {
    let mut log = String::from("\u{feff}");
    let head = ["Current runner version: '2.330.0'".to_owned(), format!("##[group]Run {command}")];
    let tail = [
        "##[error]Process completed with exit code 1.".to_owned(),
        "Cleaning up orphan processes".to_owned(),
    ];
    let body = [command.to_owned(), "shell: /usr/bin/bash -e {0}".to_owned(), "##[endgroup]".to_owned()];
    let lines = head.into_iter().chain(body).chain(output.lines().map(str::to_owned)).chain(tail);
    for (number, line) in lines.enumerate() {
        let (minutes, seconds) = (number / 60 % 60, number % 60);
        let _ = writeln!(log, "2026-01-09T23:{minutes:02}:{seconds:02}.1234567Z {line}");
    }
    log
}
