//! What several analyzers say of one defect becomes one diagnostic.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use grimoire_domain::diagnostic::{Confidence, Diagnostic, Location, Role, Severity, Span};

use crate::analyze::CountedDiagnostic;

/// Merges the findings of several analyzers, in order of their places in the artifact:
///
/// 1. Where spans of two analyzers overlap, the more specific diagnostic is the one kept.
/// 2. Equal diagnostics in several places of the artifact are one with a count.
/// 3. Where two analyzers name the same place with a similar message, as when a build tool repeats
///    what a compiler said, the more specific one is kept.
/// 4. An error without a place whose message stands in that of another says nothing new.
pub(crate) fn merge(findings: Vec<(String, Vec<Diagnostic>)>) -> Vec<CountedDiagnostic> {
    let mut entries: Vec<Entry> = findings
        .into_iter()
        .flat_map(|(plugin, diagnostics)| {
            diagnostics.into_iter().map(move |diagnostic| Entry {
                found: CountedDiagnostic { diagnostic, count: 1, plugin: plugin.clone() },
                absorbed: false,
            })
        })
        .collect();
    sort_by_place(&mut entries);
    absorb_overlaps(&mut entries);
    entries.retain(|entry| !entry.absorbed);
    count_repeats(&mut entries);
    absorb_same_places(&mut entries);
    absorb_same_words(&mut entries);
    entries.into_iter().filter(|entry| !entry.absorbed).map(|entry| entry.found).collect()
}

/// What makes two diagnostics the same defect told twice.
pub(crate) type Identity =
    (String, String, Option<String>, Severity, String, Option<String>, Option<Location>);

/// The identity of a diagnostic: everything but where in the artifact it stands and what surrounds it.
pub(crate) fn identity(diagnostic: &Diagnostic) -> Identity {
    let Diagnostic { tool, error_type, code, severity, message, test, location, .. } = diagnostic;
    (
        tool.clone(),
        error_type.clone(),
        code.clone(),
        *severity,
        message.clone(),
        test.clone(),
        location.clone(),
    )
}

struct Entry {
    found: CountedDiagnostic,
    absorbed: bool,
}

impl Entry {
    fn span(&self) -> Span {
        self.found.diagnostic.span
    }
}

fn sort_by_place(entries: &mut [Entry]) {
    // Stable, so that one analyzer's order holds where places are equal.
    entries.sort_by(|left, right| {
        (left.span().start, left.span().end, &left.found.plugin).cmp(&(
            right.span().start,
            right.span().end,
            &right.found.plugin,
        ))
    });
}

/// How much a diagnostic says, most important first: how sure its analyzer is, how grave it is, code, line,
/// stack, type, column, and how much of the artifact it explains.
type Specificity = (Confidence, bool, u32, u64);

fn specificity(diagnostic: &Diagnostic) -> Specificity {
    let start = diagnostic.location.as_ref().and_then(|location| location.start);
    let points = [
        (diagnostic.code.is_some(), 8),
        (start.is_some(), 4),
        (!diagnostic.stack_trace.is_empty(), 3),
        (!diagnostic.error_type.is_empty(), 2),
        (start.is_some_and(|start| start.column.is_some()), 1),
    ];
    let total = points.iter().filter(|(holds, _)| *holds).map(|(_, points)| points).sum();
    let width = diagnostic.span.end.saturating_sub(diagnostic.span.start);
    (diagnostic.confidence, diagnostic.severity >= Severity::Error, total, width)
}

/// Marks the less specific of two as absorbed by the other; ties go to the one that comes first.
fn absorb(entries: &mut [Entry], left: usize, right: usize) {
    let wins = specificity(&entries[left].found.diagnostic) >= specificity(&entries[right].found.diagnostic);
    let (winner, loser) = if wins { (left, right) } else { (right, left) };
    entries[loser].absorbed = true;
    let count = entries[loser].found.count;
    // A surer analyzer that names no place may have left it out: frames of tools are none.
    let is_surer = entries[winner].found.diagnostic.confidence > entries[loser].found.diagnostic.confidence;
    let place = entries[loser].found.diagnostic.location.clone().filter(|_| !is_surer);
    let kept = &mut entries[winner].found;
    kept.count = kept.count.max(count);
    kept.diagnostic.location = kept.diagnostic.location.take().or(place);
}

fn absorb_overlaps(entries: &mut [Entry]) {
    for left in 0..entries.len() {
        for right in left + 1..entries.len() {
            if entries[right].span().start >= entries[left].span().end {
                break; // Sorted by start: none of the rest overlaps.
            }
            if entries[left].absorbed {
                break;
            }
            let empty = entries[right].span().start == entries[right].span().end;
            let same_plugin = entries[left].found.plugin == entries[right].found.plugin;
            if !empty
                && !same_plugin
                && !entries[right].absorbed
                && about_one_thing(&entries[left], &entries[right])
            {
                absorb(entries, left, right);
            }
        }
    }
}

/// Whether two diagnostics that overlap tell the same. What only sums up, or follows from something else,
/// often encloses what it sums up: the two are one only where they begin with the same line.
///
/// Of a report on one line all findings have one span: their places tell them apart.
fn about_one_thing(left: &Entry, right: &Entry) -> bool {
    if left.span() == right.span() && lines_differ(&left.found.diagnostic, &right.found.diagnostic) {
        return false;
    }
    let is_root = |entry: &Entry| matches!(entry.found.diagnostic.role, Role::Root | Role::Warning);
    is_root(left) == is_root(right) || left.span().start == right.span().start
}

fn lines_differ(left: &Diagnostic, right: &Diagnostic) -> bool {
    let line = |diagnostic: &Diagnostic| diagnostic.location.as_ref().and_then(|location| location.start);
    matches!((line(left), line(right)), (Some(one), Some(other)) if one.line != other.line)
}

fn count_repeats(entries: &mut Vec<Entry>) {
    let mut first: HashMap<Identity, usize> = HashMap::new();
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    for entry in entries.drain(..) {
        match first.get(&identity(&entry.found.diagnostic)) {
            Some(&index) => {
                let count = &mut kept[index].found.count;
                *count = count.saturating_add(entry.found.count);
            }
            None => {
                first.insert(identity(&entry.found.diagnostic), kept.len());
                kept.push(entry);
            }
        }
    }
    *entries = kept;
}

fn absorb_same_places(entries: &mut [Entry]) {
    let mut places: BTreeMap<(String, u32), Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(location) = &entry.found.diagnostic.location
            && let Some(start) = location.start
        {
            let name = location.path.rsplit('/').next().unwrap_or_default().to_owned();
            places.entry((name, start.line)).or_default().push(index);
        }
    }
    for group in places.values() {
        for (position, &left) in group.iter().enumerate() {
            for &right in &group[position + 1..] {
                let (one, other) = (&entries[left], &entries[right]);
                let twice = one.found.plugin != other.found.plugin
                    && !one.absorbed
                    && !other.absorbed
                    && same_place(&one.found.diagnostic, &other.found.diagnostic)
                    && similar(&one.found.diagnostic.message, &other.found.diagnostic.message);
                if twice {
                    absorb(entries, left, right);
                }
            }
        }
    }
}

/// The fewest bytes of a message that is looked for in others: shorter ones are found by chance.
const MESSAGE_OF_NOTE: usize = 16;
/// Errors that are compared by their words; in longer lists a repetition does little harm.
const COMPARED: usize = 300;

fn absorb_same_words(entries: &mut [Entry]) {
    let is_error = |entry: &Entry| !entry.absorbed && entry.found.diagnostic.severity >= Severity::Error;
    let errors: Vec<usize> = (0..entries.len()).filter(|&at| is_error(&entries[at])).take(COMPARED).collect();
    let words: Vec<String> = errors.iter().map(|&at| flat(&entries[at].found.diagnostic.message)).collect();
    for (one, &loser) in errors.iter().enumerate() {
        if words[one].len() < MESSAGE_OF_NOTE || entries[loser].found.diagnostic.location.is_some() {
            continue;
        }
        let winner = (0..errors.len()).find(|&other| {
            let entry = &entries[errors[other]];
            let (winner, loser) = (&entry.found.diagnostic, &entries[loser].found.diagnostic);
            other != one
                && !entry.absorbed
                // What only quotes a cause does not stand for it, and two tests are two.
                && (winner.role == Role::Root || loser.role != Role::Root)
                && (winner.test == loser.test || loser.test.is_none())
                && words[other].contains(&words[one])
                // Of two that say the same, the one that says more stays, else the first.
                && (words[other].len() > words[one].len()
                    || (specificity(winner), one) > (specificity(loser), other))
                && winner.confidence >= loser.confidence
        });
        if let Some(winner) = winner {
            entries[loser].absorbed = true;
            let again = entries[loser].found.count;
            let count = &mut entries[errors[winner]].found.count;
            *count = count.saturating_add(again);
        }
    }
}

/// Words with one blank between them.
pub(crate) fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether two diagnostics name one place. A path may be printed whole by one tool and relative by
/// another; a column may be left out.
pub(crate) fn same_place(left: &Diagnostic, right: &Diagnostic) -> bool {
    let (Some(left), Some(right)) = (&left.location, &right.location) else { return false };
    let (Some(one), Some(other)) = (left.start, right.start) else { return false };
    let columns = match (one.column, other.column) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    one.line == other.line && columns && same_file(&left.path, &right.path)
}

pub(crate) fn same_file(left: &str, right: &str) -> bool {
    let (left, right) = (left.trim_start_matches("./"), right.trim_start_matches("./"));
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    long.strip_suffix(short)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('/') || short.starts_with('/'))
}

/// Whether at least three fifths of the shorter message's words stand in the other.
pub(crate) fn similar(left: &str, right: &str) -> bool {
    let words = |text: &str| -> BTreeSet<String> {
        text.split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect()
    };
    let (left, right) = (words(left), words(right));
    let shared = left.intersection(&right).count();
    let shorter = left.len().min(right.len());
    shorter > 0 && shared * 5 >= shorter * 3
}
