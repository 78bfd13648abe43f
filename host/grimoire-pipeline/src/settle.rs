//! What of the merged diagnostics counts, and in which order: the log's steps and the roles decide.

use std::cmp::Reverse;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Role, Severity};
use grimoire_log::{Outcome, Outline, path};

use crate::analyze::CountedDiagnostic;

/// Drops what is no error of the run and orders the rest:
///
/// 1. What a step that passed reports is no error of the run.
/// 2. What only sums up, and a guess, count only when no root was found; a guess before a summary.
/// 3. A place is one in the repository, or none; a code is no plain word.
/// 4. Where a known tool told a root, what merely has the shape of an error beside it counts less: a line
///    without a place is a consequence, a place with prose a warning. Tests log such lines.
/// 5. Where what the others follow from was not found, the first of them stands for it.
/// 6. Roots come first, then what follows from them, then warnings; each in the order of the log, what
///    stands in the step that failed before what stands elsewhere.
pub(crate) fn settle(mut found: Vec<CountedDiagnostic>, outline: &Outline) -> Vec<CountedDiagnostic> {
    let outcome = |found: &CountedDiagnostic| outline.outcome_at(found.diagnostic.span.start);
    found.retain(|found| !is_error(&found.diagnostic) || outcome(found) != Outcome::Passed);
    for found in &mut found {
        correct(&mut found.diagnostic);
    }
    keep_one_guess(&mut found, outline);
    let has = |wanted: &dyn Fn(&Diagnostic) -> bool| {
        found.iter().any(|found| is_error(&found.diagnostic) && wanted(&found.diagnostic))
    };
    let has_root = has(&|found| found.role == Role::Root && found.confidence > Confidence::Guess);
    let has_guess = has(&|found| found.confidence == Confidence::Guess);
    found.retain(|found| {
        let found = &found.diagnostic;
        let counts = match (found.confidence, found.role) {
            (Confidence::Guess, _) => !has_root,
            (_, Role::Summary) => !has_root && !has_guess,
            _ => true,
        };
        counts || !is_error(found)
    });
    demote(&mut found);
    found.sort_by_cached_key(|found| {
        let rank = match found.diagnostic.role {
            _ if !is_error(&found.diagnostic) => 3,
            Role::Root => 0,
            Role::Consequence => 1,
            Role::Summary | Role::Warning => 2,
        };
        // Of what only sums up, what has a code says more than a banner.
        let is_banner = found.diagnostic.role == Role::Summary && found.diagnostic.code.is_none();
        (rank, Reverse(outcome(found) == Outcome::Failed), is_banner, found.diagnostic.span.start)
    });
    // A consequence that is first has no root before it.
    if let Some(CountedDiagnostic { diagnostic, .. }) = found.first_mut()
        && is_error(diagnostic)
        && diagnostic.role == Role::Consequence
    {
        diagnostic.role = Role::Root;
    }
    found
}

/// Words that some tools print where others have a code.
const NO_CODES: [&str; 12] = [
    "error", "err", "fatal", "warning", "warn", "info", "note", "debug", "trace", "notice", "failed",
    "failure",
];

/// A place that is a frame of a package, tool or runtime becomes the first own one of the stack, or none; paths
/// lose the runner's workspace; codes that are plain words go. A compiler that complains about a header of the
/// system means it, so that what has no stack keeps its place.
fn correct(diagnostic: &mut Diagnostic) {
    let is_frame = !diagnostic.stack_trace.is_empty();
    if is_frame && diagnostic.location.as_ref().is_some_and(|location| !path::is_own(&location.path)) {
        let frames = diagnostic.stack_trace.iter().filter_map(|frame| frame.location.as_ref());
        diagnostic.location = frames.into_iter().find(|place| path::is_own(&place.path)).cloned();
    }
    if let Some(location) = &mut diagnostic.location {
        let relative = path::in_repository(&location.path);
        if relative.len() < location.path.len() {
            location.path = relative.to_owned();
        }
    }
    let is_word = |code: &mut String| NO_CODES.iter().any(|word| code.eq_ignore_ascii_case(word));
    if diagnostic.code.take_if(is_word).is_some_and(|code| code == diagnostic.error_type) {
        diagnostic.error_type.make_ascii_lowercase();
    }
}

/// Lowers what merely has the shape of an error where a known tool told a root.
fn demote(found: &mut [CountedDiagnostic]) {
    let is_certain_root = |found: &CountedDiagnostic| {
        let found = &found.diagnostic;
        is_error(found) && found.role == Role::Root && found.confidence == Confidence::Certain
    };
    if !found.iter().any(is_certain_root) {
        return;
    }
    for found in found.iter_mut().map(|found| &mut found.diagnostic) {
        if !is_error(found) || found.role != Role::Root || found.confidence != Confidence::Likely {
            continue;
        }
        if found.location.is_none() {
            found.role = Role::Consequence;
        } else if found.kind == Kind::Lint {
            found.severity = Severity::Warning;
            found.role = Role::Warning;
        }
    }
}

/// Analyzers guess for each step. The first step that failed counts, else the last one: a run ends with
/// what made it fail.
fn keep_one_guess(found: &mut Vec<CountedDiagnostic>, outline: &Outline) {
    let is_guess = |found: &CountedDiagnostic| found.diagnostic.confidence == Confidence::Guess;
    let start = |found: &CountedDiagnostic| found.diagnostic.span.start;
    let failed = |found: &&CountedDiagnostic| outline.outcome_at(start(found)) == Outcome::Failed;
    let guesses = || found.iter().filter(|found| is_guess(found));
    let kept = guesses().filter(failed).map(start).min().or_else(|| guesses().map(start).max());
    found.retain(|found| !is_guess(found) || Some(start(found)) == kept);
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity >= Severity::Error
}

#[cfg(test)]
mod tests;
