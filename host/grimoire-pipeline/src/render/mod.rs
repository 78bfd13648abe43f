//! A review as the Markdown of a comment: short, quiet, and safe whatever the review quotes.
//!
//! Everything quoted is hostile: logs, paths, names of jobs, spells, the words of plugins. It stands
//! in code spans and fences that it cannot leave, or as words that mean nothing to GitHub.

mod defuse;
mod fold;
mod redact;

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Severity};
use grimoire_domain::ranking::{RankedSpell, Reason};
use grimoire_domain::review::{DiagnosedError, Diagnosis, Review};

use defuse::{code_span, fence, phrase, prose, quotable};
pub use fold::{Folded, Group, fold};

/// Marks the one comment of a pull request; stable for ever.
pub(crate) const MARKER: &str = "<!-- grimoire:review -->";
/// The most characters of a comment: GitHub refuses more than 65,536.
const MAXIMUM_BODY: usize = 65_000;
/// Kept free for the closing lines.
const RESERVED: usize = 4_000;

/// The most characters of each quoted part.
const MESSAGE: usize = 1_500;
const TITLE: usize = 255;
const DESCRIPTION: usize = 1_500;
const SOLUTION: usize = 6_000;
const REASONS: usize = 3;
const REASON: usize = 200;
const PLACE: usize = 300;
const GAPS: usize = 5;
/// Places listed below the first error that a spell is for.
const ALSO: usize = 20;

/// The errors that a comment is about: real errors with at least one spell.
pub(crate) fn shown(diagnosis: &Diagnosis) -> impl Iterator<Item = &DiagnosedError> {
    diagnosis
        .errors
        .iter()
        .filter(|error| error.diagnostic.severity >= Severity::Error && !error.spells.is_empty())
}

/// The comment of a review, with at most `limit` errors. Never longer than GitHub takes: it ends
/// after the last error that fits and says how many were left out.
pub(crate) fn comment(review: &Review, limit: usize) -> String {
    let diagnosis = &review.diagnosis;
    let commit = code_span(review.key.head_sha.short());
    let known = shown(diagnosis).count();
    if known == 0 {
        return format!("{MARKER}\n**Grimoire**: nothing known matches the state at {commit}.\n");
    }
    let all = diagnosis.errors.iter().filter(|error| error.diagnostic.severity >= Severity::Error).count();
    let mut body = format!("{MARKER}\n**Grimoire** knows a fix for {known} of {all} errors at {commit}.\n");
    let mut length = body.chars().count();
    let mut told = 0;
    for error in shown(diagnosis).take(limit) {
        let section = section(error);
        let added = section.chars().count();
        if length + added > MAXIMUM_BODY - RESERVED {
            break;
        }
        body.push_str(&section);
        length += added;
        told += 1;
    }
    if told < known {
        body.push_str(&format!("\n{} further errors with known fixes were left out.\n", known - told));
    }
    body.push_str(&closing(diagnosis));
    body
}

/// A diagnosis as Markdown for a person who asked: every cause, each fix once with the places it is for, whatever
/// the length.
pub fn markdown(diagnosis: &Diagnosis) -> String {
    let folded = fold(diagnosis);
    let mut text = match folded.causes() {
        0 => "No error was found.\n".to_owned(),
        causes => format!("{} of {causes} errors with a known fix.\n", folded.with_fix()),
    };
    text.extend(folded.groups.iter().map(group));
    if !folded.consequences.is_empty() {
        let count = folded.consequences.len();
        text.push_str(&format!("\n{count} more that follow from these or only look like errors.\n"));
    }
    if !folded.warnings.is_empty() {
        text.push_str(&format!("\n{} warnings.\n", folded.warnings.len()));
    }
    text.push_str(&closing(diagnosis));
    text
}

/// One error with its spells.
fn section(error: &DiagnosedError) -> String {
    group(&Group { errors: vec![error] })
}

/// Errors that share their best spell: the first whole, the others by their places.
fn group(group: &Group<'_>) -> String {
    let error = group.first();
    let diagnostic = &error.diagnostic;
    let mut text = format!("\n### {}\n\n", heading(error));
    if diagnostic.confidence == Confidence::Guess {
        text.push_str(
            "A guess: no known form of an error says why, and this line looks most like the cause.\n\n",
        );
    }
    text.push_str(&fence(&quotable(&diagnostic.message, MESSAGE)));
    if error.count > 1 {
        text.push_str(&format!("\nFound {} times.\n", error.count));
    }
    for other in group.errors.iter().skip(1).take(ALSO) {
        let message = phrase(&quotable(&other.diagnostic.message, REASON));
        text.push_str(&format!("- {}: {message}\n", heading(other)));
    }
    if group.errors.len() > ALSO + 1 {
        text.push_str(&format!("- and {} more\n", group.errors.len() - ALSO - 1));
    }
    let Some((best, others)) = group.spells().split_first() else { return text };
    text.push_str(&spell(best));
    if !others.is_empty() {
        let titles: Vec<String> =
            others.iter().map(|other| format!("{} ({})", title(other), certainty(other.score))).collect();
        text.push_str(&format!("\nAlso possible: {}\n", titles.join("; ")));
    }
    text
}

fn heading(error: &DiagnosedError) -> String {
    let place = place(&error.diagnostic).unwrap_or_else(|| error.artifact.clone());
    let name = error.diagnostic.code.as_deref().unwrap_or(&error.diagnostic.error_type);
    let parts: Vec<String> = [place.as_str(), name]
        .into_iter()
        .map(|part| code_span(&quotable(part, PLACE)))
        .filter(|part| !part.is_empty())
        .collect();
    if parts.is_empty() { "Error".to_owned() } else { parts.join(" · ") }
}

fn place(diagnostic: &Diagnostic) -> Option<String> {
    let location = diagnostic.location.as_ref()?;
    let mut place = location.path.clone();
    if let Some(start) = location.start {
        place.push_str(&format!(":{}", start.line));
        if let Some(column) = start.column {
            place.push_str(&format!(":{column}"));
        }
    }
    Some(place)
}

fn spell(spell: &RankedSpell) -> String {
    let mut text = format!("\n**{}** ({}, {:.2})\n", title(spell), certainty(spell.score), spell.score);
    let why = reasons(&spell.reasons);
    if !why.is_empty() {
        text.push_str(&format!("\nWhy: {why}\n"));
    }
    text.push_str(&format!("\n{}\n\n", prose(&quotable(&spell.description, DESCRIPTION))));
    text.push_str(&fence(&quotable(&spell.solution_code, SOLUTION)));
    text
}

fn title(spell: &RankedSpell) -> String {
    let title = phrase(&quotable(&spell.title, TITLE));
    if title.is_empty() { "untitled".to_owned() } else { title }
}

fn reasons(reasons: &[Reason]) -> String {
    let details: Vec<String> = reasons
        .iter()
        .filter(|reason| reason.weight > 0.0 && !reason.detail.trim().is_empty())
        .take(REASONS)
        .map(|reason| phrase(&quotable(&reason.detail, REASON)))
        .collect();
    details.join("; ")
}

/// A score as people say it.
fn certainty(score: f64) -> &'static str {
    if score >= 0.9 {
        "very likely"
    } else if score >= 0.75 {
        "likely"
    } else {
        "possible"
    }
}

/// What was not looked at, and which plugins failed.
fn closing(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for gap in diagnosis.gaps.iter().take(GAPS) {
        text.push_str(&format!("\nNot looked at: {}\n", phrase(&quotable(gap, REASON))));
    }
    if diagnosis.gaps.len() > GAPS {
        text.push_str(&format!("\nAnd {} more that were not looked at.\n", diagnosis.gaps.len() - GAPS));
    }
    if !diagnosis.problems.is_empty() {
        text.push_str(&format!(
            "\n{} plugin calls failed: errors may be missing.\n",
            diagnosis.problems.len()
        ));
    }
    text
}

#[cfg(test)]
mod tests;
