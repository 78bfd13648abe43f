//! Decides which of the merged diagnostics count, and their order, by the log's steps and the roles.

use std::cmp::Reverse;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Location, Role, Severity};
use grimoire_log::{Outcome, Outline, path};

use crate::merge::CountedDiagnostic;

/// Drops diagnostics that are no errors of the run and orders the rest:
///
/// 1. Diagnostics in a step that passed are no errors of the run.
/// 2. Summaries and guesses count only if there is no root; a guess takes precedence over a summary. A summary that
///    only says that something failed follows from one that says what.
/// 3. Locations must be in the repository, and codes must not be plain words; others are removed.
/// 4. Beside a known tool's root, a mere error format counts less: a line without a location is a
///    consequence, a location with prose a warning. Tests log such lines.
/// 5. If the root of the consequences was not found, the first of them takes its place.
/// 6. Roots come first, then consequences, then warnings; each in the order of the log, those of the
///    failed step before others.
pub(crate) fn settle(mut found: Vec<CountedDiagnostic>, outline: &Outline) -> Vec<CountedDiagnostic> {
    let outcome = |found: &CountedDiagnostic| outline.outcome_at(found.diagnostic.span.start);
    found.retain(|found| !is_error(&found.diagnostic) || outcome(found) != Outcome::Passed);
    for found in &mut found {
        correct(&mut found.diagnostic);
    }
    place_in_recipes(&mut found);
    keep_one_guess(&mut found, outline);
    let has = |wanted: &dyn Fn(&Diagnostic) -> bool| {
        found.iter().any(|found| is_error(&found.diagnostic) && wanted(&found.diagnostic))
    };
    let has_root = has(&is_known_root);
    let has_guess = has(&|found| found.confidence == Confidence::Guess);
    let has_telling = has(&|found| found.role == Role::Summary && found.kind != Kind::Unknown);
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
        // Of summaries, one with a code says more than a banner.
        let is_vague = is_vague(&found.diagnostic);
        let is_banner = found.diagnostic.role == Role::Summary && found.diagnostic.code.is_none();
        (rank, Reverse(outcome(found) == Outcome::Failed), is_vague, is_banner, found.diagnostic.span.start)
    });
    // If a consequence comes first, there is no root.
    if let Some(CountedDiagnostic { diagnostic, .. }) = found.first_mut()
        && is_error(diagnostic)
        && diagnostic.role == Role::Consequence
    {
        diagnostic.role = Role::Root;
    }
    if has_telling {
        for found in found.iter_mut().skip(1).filter(|found| is_vague(&found.diagnostic)) {
            found.diagnostic.role = Role::Consequence;
        }
    }
    found
}

/// A summary of which not even the kind of failure is known.
fn is_vague(found: &Diagnostic) -> bool {
    is_error(found) && found.role == Role::Summary && found.kind == Kind::Unknown
}

/// Returns true if a finding explains why the run failed, or if nothing needs an explanation. If not, a guess is better
/// than nothing.
pub(crate) fn is_explained(found: &[CountedDiagnostic], outline: &Outline) -> bool {
    outline.run == Outcome::Passed
        || found.iter().map(|found| &found.diagnostic).any(|found| {
            is_error(found) && is_known_root(found) && outline.outcome_at(found.span.start) != Outcome::Passed
        })
}

fn is_known_root(found: &Diagnostic) -> bool {
    found.role == Role::Root && found.confidence > Confidence::Guess
}

/// Plain words that some tools print in place of a code.
const NO_CODES: [&str; 12] = [
    "error", "err", "fatal", "warning", "warn", "info", "note", "debug", "trace", "notice", "failed",
    "failure",
];

/// Replaces a location in a package, tool or runtime by the first own frame of the stack, else of the package whose
/// test failed, or removes it; strips the runner's workspace from paths; removes codes that are plain words. A
/// compiler that complains about a system header means that header, and a linter may be told to read anything: their
/// diagnostics without a stack keep their locations, like those in folders of the repository, except what a build made
/// there.
fn correct(diagnostic: &mut Diagnostic) {
    let is_frame = !diagnostic.stack_trace.is_empty();
    let is_read = matches!(diagnostic.kind, Kind::Compile | Kind::Lint);
    let is_foreign = |location: &Location| {
        let is_elsewhere = || path::is_absolute(&location.path) || path::is_generated(&location.path);
        !path::is_own(&location.path) && (is_frame || !is_read && is_elsewhere())
    };
    if diagnostic.location.as_ref().is_some_and(is_foreign) {
        let places = || {
            let frames = diagnostic.stack_trace.iter().filter_map(|frame| frame.location.as_ref());
            frames.chain(&diagnostic.location)
        };
        let own = places().find(|place| path::is_own(&place.path));
        let own = own.or_else(|| places().find(|place| diagnostic.is_in_own_code(&place.path)));
        diagnostic.location = own.cloned();
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

/// The status with which a shell ends when it does not find a program.
const NOT_FOUND: &str = "] Error 127";

/// The recipe of Make that failed is the place of a program that was not found, since the shell that missed it has none.
/// The output of the recipe, and with it that error, is the context of the failed recipe.
fn place_in_recipes(found: &mut [CountedDiagnostic]) {
    let recipes: Vec<(u64, String, Location)> = found
        .iter()
        .map(|found| &found.diagnostic)
        .filter(|found| found.tool == "make" && found.message.ends_with(NOT_FOUND))
        .filter_map(|found| Some((found.span.start, found.context.clone(), found.location.clone()?)))
        .collect();
    for (start, output, location) in recipes {
        let missing = found.iter_mut().map(|found| &mut found.diagnostic).filter(|found| {
            is_error(found)
                && found.role == Role::Root
                && found.span.end <= start
                && output.contains(&found.message)
        });
        if let Some(missing) = missing.max_by_key(|found| found.span.start)
            && missing.location.is_none()
        {
            missing.location = Some(location);
        }
    }
}

/// Demotes diagnostics that merely have the format of an error if a known tool reported a root.
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

/// Analyzers guess for each step. The guess of the first failed step counts, else the last one: a run
/// ends with the cause of its failure.
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
