//! GitLab: outcomes of jobs, runners, images, artifacts, the pipeline file.
//!
//! ```text
//! ERROR: Job failed: exit code 1
//! ERROR: Job failed (system failure): Cannot connect to the Docker daemon at unix:///var/run/docker.sock.
//! ERROR: Job failed: execution took longer than 1h0m0s seconds
//! ERROR: Uploading artifacts as "archive" to coordinator... 413 Request Entity Too Large  id=7 …
//! Found errors in your .gitlab-ci.yml:
//! jobs:till config contains unknown keys: scripts
//! ```

use crate::text::Text;
use grimoire_plugin_sdk::recognise::phrase::Phrase;
use grimoire_plugin_sdk::{
    Diagnostic, Kind, Location, Role,
    text::{Beginnings, Needle},
};

const fn row(error_type: &'static str, kind: Kind, start: &'static str) -> Phrase {
    Phrase::new("gitlab", error_type, kind, start)
}

use Kind::{Configuration, Dependency, Infrastructure, Resource, Timeout};

pub(crate) const ROWS: &[Phrase] = &[
    row("stuck", Infrastructure, "This job is stuck because "),
    row("runner", Infrastructure, "There has been a runner system failure"),
    row("runner", Infrastructure, "Runner has been deleted"),
    row("timeout", Timeout, "There has been a timeout failure or the job got stuck"),
    row("timeout", Timeout, "The script exceeded the maximum execution time set for the job"),
    row("prepare", Infrastructure, "Preparation failed: ").summary(),
    row("image", Dependency, "Failed to pull image with policy ").warning(),
    row("pipeline", Configuration, "Unable to create pipeline"),
    row("artifact", Configuration, "No files to upload").warning(),
    row("log", Resource, "Job's log exceeded limit of ").warning(),
];

/// Reads one line.
pub(crate) fn read(line: &Text<'_>) -> Option<Diagnostic> {
    job(line).or_else(|| upload(line)).or_else(|| config(line))
}

/// `Job failed: reason`, `Job failed (system failure): reason`.
fn job(line: &Text<'_>) -> Option<Diagnostic> {
    let rest = line.bare.strip_prefix("Job failed")?;
    if !line.is_error() {
        return None;
    }
    if let Some(reason) = rest.strip_prefix(" (system failure): ") {
        let kind = kind(reason, Infrastructure);
        return Some(line.found("gitlab", "system-failure", kind, reason));
    }
    let reason = rest.strip_prefix(": ")?;
    let (error_type, kind, role) = if let Some((_, code)) = exit_code(reason) {
        let kind = if code == "137" { Resource } else { Kind::Unknown };
        ("exit", kind, Role::Summary)
    } else if reason.starts_with("execution took longer than") {
        ("timeout", Timeout, Role::Root)
    } else if reason.starts_with("canceled") {
        ("canceled", Infrastructure, Role::Root)
    } else {
        ("job", kind(reason, Infrastructure), Role::Root)
    };
    // A reason that is only a number is just a fragment.
    let message = if role == Role::Summary { line.bare } else { reason };
    Some(Diagnostic { role, ..line.found("gitlab", error_type, kind, message) })
}

/// `exit code 1`, `exit status 1`, `command terminated with exit code 137`.
fn exit_code(reason: &str) -> Option<(&str, &str)> {
    static SIGNS: [Needle; 2] = [Needle::new("exit code "), Needle::new("exit status ")];
    let (before, code) = SIGNS.iter().find_map(|sign| sign.split(reason))?;
    let good = (before.is_empty() || before.starts_with("command terminated with"))
        && !code.is_empty()
        && code.bytes().all(|byte| byte.is_ascii_digit());
    good.then_some((before, code))
}

fn kind(reason: &str, otherwise: Kind) -> Kind {
    if reason.contains("pull image") || reason.contains("ImagePull") || reason.contains("manifest") {
        Dependency
    } else if reason.contains("timed out") || reason.contains("timeout") {
        Timeout
    } else if reason.contains("o space left") {
        Resource
    } else {
        otherwise
    }
}

/// `Uploading artifacts as "archive" to coordinator... 413 Request Entity Too Large  id=7 responseStatus=…`.
fn upload(line: &Text<'_>) -> Option<Diagnostic> {
    static SIGN: Needle = Needle::new("oordinator... ");
    let (before, rest) = SIGN.split_among(line.characters, line.bare)?;
    if !line.is_error() || !before.contains("artifacts") {
        return None;
    }
    let reason = rest.split("  ").next().unwrap_or(rest).trim();
    if reason == "ok" || reason.starts_with("201") {
        return None;
    }
    let kind =
        if reason.starts_with("413") || reason.contains("too large") { Resource } else { Infrastructure };
    Some(line.found("gitlab", "artifact", kind, &format!("{before}oordinator: {reason}")))
}

/// `jobs:till config contains unknown keys: scripts`, `jobs till config should …`.
fn config(line: &Text<'_>) -> Option<Diagnostic> {
    static STARTS: Beginnings = Beginnings::new(&["jobs", "root config ", "include config "]);
    static SIGN: Needle = Needle::new(" config ");
    if !STARTS.begin(line.bare) {
        return None;
    }
    let at = SIGN.find_among(line.characters, line.bare)?;
    let subject = &line.bare[..at];
    let rest = &line.bare[at + SIGN.text().len()..];
    let is_subject = subject == "root"
        || subject == "jobs"
        || subject == "include"
        || subject.strip_prefix("jobs").is_some_and(|rest| rest.starts_with(':') && !rest.contains(' '));
    let says = ["contains ", "should ", "key may not ", "can't be ", "has ", "missing ", "must "]
        .iter()
        .any(|word| rest.starts_with(word));
    (is_subject && says).then(|| Diagnostic {
        location: Some(Location::file(".gitlab-ci.yml")),
        ..line.found("gitlab", "config", Configuration, line.bare)
    })
}
