//! What several artifacts say of one run becomes one account: logs, annotations, reports.

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Kind, Location, Role, Severity};

use crate::AnalysisReport;
use crate::analyze::CountedDiagnostic;
use crate::merge::{flat, same_file, same_place, similar};

/// What of `repeated` does not stand in `told`. Both are about one run, of which `told` is the fuller
/// account: annotations are made of what a log says. Where only the annotation names a place, what the
/// log says gets it.
pub(crate) fn untold(
    mut repeated: Vec<CountedDiagnostic>,
    told: &mut [CountedDiagnostic],
) -> Vec<CountedDiagnostic> {
    repeated.retain(|again| {
        let Some(known) = told.iter_mut().find(|known| tells(known, &again.diagnostic)) else { return true };
        let place = &mut known.diagnostic.location;
        *place = place.take().or_else(|| again.diagnostic.location.clone());
        false
    });
    repeated
}

/// Unites the logs of a run's failed jobs with the reports that the run kept:
///
/// 1. What a log and a report say of one defect is one diagnostic, where the log says it. The report knows the
///    test, the place and the whole message.
/// 2. What only a report says stays with the report. Where a log names the cause, a linter's finding that no log
///    has is a warning: nobody knows whether the job that found it was one of those that failed.
/// 3. Where no log names a cause and a report does, what merely sums up or guesses goes.
pub fn unite(logs: &mut [(String, AnalysisReport)], reports: &mut [(String, AnalysisReport)]) {
    let logs_tell = logs.iter().any(|(_, log)| log.diagnostics.iter().any(is_cause));
    for (_, report) in reports.iter_mut() {
        report.diagnostics.retain(|found| {
            // Jobs of a matrix fail alike: each of their logs is completed.
            let known =
                logs.iter_mut().filter_map(|(_, log)| told_in(&mut log.diagnostics, &found.diagnostic));
            known.map(|known| complete(&mut known.diagnostic, &found.diagnostic)).count() == 0
        });
        for found in report.diagnostics.iter_mut().map(|found| &mut found.diagnostic) {
            if logs_tell && found.kind == Kind::Lint && found.severity >= Severity::Error {
                found.severity = Severity::Warning;
                found.role = Role::Warning;
            }
        }
    }
    if !logs_tell && reports.iter().any(|(_, report)| report.diagnostics.iter().any(is_cause)) {
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

/// What a log says of the defect that a report tells.
fn told_in<'a>(log: &'a mut [CountedDiagnostic], report: &Diagnostic) -> Option<&'a mut CountedDiagnostic> {
    let of_test =
        |known: &CountedDiagnostic| same_test(known.diagnostic.test.as_deref(), report.test.as_deref());
    let alike = |known: &CountedDiagnostic| {
        same_place(&known.diagnostic, report) || similar(&known.diagnostic.message, &report.message)
    };
    // One test may fail twice: in itself, and when it is taken down.
    let only = log.iter().filter(|known| of_test(known)).count() == 1;
    let at = log.iter().position(|known| of_test(known) && (only || alike(known))).or_else(|| {
        let other_test = |known: &Diagnostic| known.test.is_some() && report.test.is_some();
        log.iter().position(|known| !other_test(&known.diagnostic) && tells(known, report))
    })?;
    Some(&mut log[at])
}

/// Whether a diagnostic says what another one says again.
fn tells(known: &CountedDiagnostic, again: &Diagnostic) -> bool {
    let Diagnostic { error_type, message, location, .. } = &known.diagnostic;
    if same_place(&known.diagnostic, again) {
        return similar(message, &again.message);
    }
    let typed = || again.message.strip_suffix(message.as_str())?.strip_suffix(": ");
    let same_words = again.message == *message || typed() == Some(error_type);
    same_words
        && match (location, &again.location) {
            (_, None) => true,
            // Said in several places of the log, it may be about several places of the code.
            (None, Some(_)) => known.count == 1,
            (Some(_), Some(_)) => false,
        }
}

/// Whether two names are of one test. Runners print more or less of the way to it, with signs of their own:
/// `tests/test_pot.py::test_boils` in a log is `tests.test_pot.test_boils` in its report.
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

/// The words of a test's name: what stands between signs.
fn words_of(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    name.split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
}

/// Adds what the report knows better. What names the error stays as its tool printed it: a report's word for it is
/// often no more than `failure`.
fn complete(known: &mut Diagnostic, report: &Diagnostic) {
    if known.confidence < report.confidence {
        let (span, context) = (known.span, std::mem::take(&mut known.context));
        *known = Diagnostic { span, context, ..report.clone() };
        return;
    }
    // A log may have cut it off. One of several lines may be all that the test printed.
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
    known.role = known.role.min(report.role);
    known.severity = known.severity.max(report.severity);
}

/// The place that the report names, where it names a line; with the fuller of the two paths.
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
