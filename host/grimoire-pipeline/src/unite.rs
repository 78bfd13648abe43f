//! Unites the findings of several artifacts of one run: logs, annotations, reports.

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Location, Role, Severity};

use crate::AnalysisReport;
use crate::merge::CountedDiagnostic;
use crate::merge::{flat, same_file, same_place, similar};

/// Returns the diagnostics of `annotations` that the log did not already report: most annotations repeat
/// the log. If only the annotation has a location, the log's diagnostic gets it.
pub(crate) fn not_in_log(
    mut annotations: Vec<CountedDiagnostic>,
    log: &mut [CountedDiagnostic],
) -> Vec<CountedDiagnostic> {
    annotations.retain(|again| {
        let Some(known) = log.iter_mut().find(|known| is_repeat(known, &again.diagnostic)) else {
            return true;
        };
        let place = &mut known.diagnostic.location;
        *place = place.take().or_else(|| again.diagnostic.location.clone());
        false
    });
    annotations
}

/// Unites the logs of a run's failed jobs with the reports that the run uploaded:
///
/// 1. A defect in both a log and a report becomes one diagnostic, at its place in the log. The report adds the
///    test, the location and the whole message.
/// 2. A defect that only a report contains stays with the report. If a log names the cause, a linter's finding
///    that is in no log is a warning: it may come from a job that did not fail.
/// 3. If no log names a cause and a report does, summaries and guesses are dropped.
pub fn unite(logs: &mut [(String, AnalysisReport)], reports: &mut [(String, AnalysisReport)]) {
    let logs_have_cause = logs.iter().any(|(_, log)| log.diagnostics.iter().any(is_cause));
    for (_, report) in reports.iter_mut() {
        report.diagnostics.retain(|found| {
            // Jobs of a matrix fail alike, so each of their logs is completed.
            let known =
                logs.iter_mut().filter_map(|(_, log)| find_repeated(&mut log.diagnostics, &found.diagnostic));
            known.map(|known| complete(&mut known.diagnostic, &found.diagnostic)).count() == 0
        });
        for found in report.diagnostics.iter_mut().map(|found| &mut found.diagnostic) {
            if logs_have_cause && found.kind == Kind::Lint && found.severity >= Severity::Error {
                found.severity = Severity::Warning;
                found.role = Role::Warning;
            }
        }
    }
    if !logs_have_cause && reports.iter().any(|(_, report)| report.diagnostics.iter().any(is_cause)) {
        for (_, log) in logs {
            log.diagnostics.retain(|found| !is_vague(&found.diagnostic));
        }
    }
}

fn is_error(diagnostic: &Diagnostic) -> bool {
    diagnostic.severity >= Severity::Error
}

fn is_cause(found: &CountedDiagnostic) -> bool {
    let found = &found.diagnostic;
    is_error(found) && found.role == Role::Root && found.confidence > Confidence::Guess
}

fn is_vague(found: &Diagnostic) -> bool {
    is_error(found) && (found.confidence == Confidence::Guess || found.role == Role::Summary)
}

/// The log's diagnostic of a defect that a report contains.
fn find_repeated<'a>(
    log: &'a mut [CountedDiagnostic],
    report: &Diagnostic,
) -> Option<&'a mut CountedDiagnostic> {
    let of_test =
        |known: &CountedDiagnostic| same_test(known.diagnostic.test.as_deref(), report.test.as_deref());
    let alike = |known: &CountedDiagnostic| {
        same_place(&known.diagnostic, report) || similar(&known.diagnostic.message, &report.message)
    };
    // A test may fail twice: in itself, and in its teardown.
    let only = log.iter().filter(|known| of_test(known)).count() == 1;
    let at = log.iter().position(|known| of_test(known) && (only || alike(known))).or_else(|| {
        let other_test = |known: &Diagnostic| known.test.is_some() && report.test.is_some();
        log.iter().position(|known| !other_test(&known.diagnostic) && is_repeat(known, report))
    })?;
    Some(&mut log[at])
}

/// Returns true if `again` repeats a known diagnostic.
fn is_repeat(known: &CountedDiagnostic, again: &Diagnostic) -> bool {
    let Diagnostic { error_type, message, location, .. } = &known.diagnostic;
    if same_place(&known.diagnostic, again) {
        return similar(message, &again.message);
    }
    let typed = || again.message.strip_suffix(message.as_str())?.strip_suffix(": ");
    let same_words = again.message == *message || typed() == Some(error_type);
    same_words
        && match (location, &again.location) {
            (_, None) => true,
            // A message at several offsets of the log may concern several locations in the code.
            (None, Some(_)) => known.count == 1,
            (Some(_), Some(_)) => false,
        }
}

/// Returns true if two names mean the same test. Runners print more or less of the path to it, with different
/// separators: `tests/test_pot.py::test_boils` in a log is `tests.test_pot.test_boils` in its report.
fn same_test(left: Option<&str>, right: Option<&str>) -> bool {
    let (Some(left), Some(right)) = (left, right) else { return false };
    let last = words_of(left).next_back();
    if last.is_none() || last != words_of(right).next_back() {
        return false;
    }
    let goes_through = |short: &str, long: &str| {
        let mut long = words_of(long);
        words_of(short).all(|word| long.any(|other| other == word))
    };
    goes_through(left, right) || goes_through(right, left)
}

/// The words of a test's name, split at separators.
fn words_of(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    name.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

/// Adds the details that only the report has. The error type stays as the tool printed it: a report's word for it
/// is often just `failure`.
fn complete(known: &mut Diagnostic, report: &Diagnostic) {
    if known.confidence < report.confidence {
        let (span, context) = (known.span, std::mem::take(&mut known.context));
        let facts = std::mem::take(&mut known.facts);
        *known = Diagnostic { span, context, ..report.clone() };
        known.add_facts(&facts);
        return;
    }
    // A log may truncate a message. One of several lines may also be all that the test printed.
    let is_line = report.message.trim().lines().count() == 1;
    if is_line && flat(&report.message).len() > flat(&known.message).len() {
        known.message.clone_from(&report.message);
    }
    known.location = place_of(known.location.take(), report.location.as_ref());
    known.test = report.test.clone().or(known.test.take());
    known.code = report.code.clone().or(known.code.take());
    if !report.stack_trace.is_empty() {
        known.stack_trace.clone_from(&report.stack_trace);
    }
    if known.kind == Kind::Unknown {
        known.kind = report.kind;
    }
    known.add_facts(&report.facts);
    known.role = known.role.min(report.role);
    known.severity = known.severity.max(report.severity);
}

/// The report's location, if it has a line, with the fuller of the two paths.
fn place_of(known: Option<Location>, report: Option<&Location>) -> Option<Location> {
    let Some(report) = report else { return known };
    match known {
        Some(known) if report.start.is_none() => Some(known),
        Some(known) if known.path.len() > report.path.len() && same_file(&known.path, &report.path) => {
            Some(Location { path: known.path, ..report.clone() })
        }
        _ => Some(report.clone()),
    }
}
