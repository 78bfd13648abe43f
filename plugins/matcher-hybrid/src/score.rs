//! Computes scores with reasons from features.

use grimoire_plugin_sdk::{Diagnostic, Evidence, PatternEvidence, Reason, Verdict, Withheld};

use crate::codes::{self, CodeEvidence};
use crate::features::{FIELDS, Features};
use crate::query::Query;
use crate::reading::Reading;

/// The maximum contribution of each feature. Set by hand and rounded: see the crate's documentation
/// for the reasons. All text together stays below a long pattern match or an equal code.
#[derive(Clone, Debug)]
pub(crate) struct Weights {
    pub(crate) pattern: f64,
    pub(crate) code: f64,
    pub(crate) code_in_message: f64,
    pub(crate) other_code: f64,
    pub(crate) kind: f64,
    pub(crate) words: [f64; FIELDS],
    pub(crate) words_any: f64,
    pub(crate) quoted: [f64; FIELDS],
    pub(crate) context_in_solution: f64,
    pub(crate) context_in_text: f64,
    pub(crate) title_covered: f64,
    pub(crate) pattern_covered: f64,
    pub(crate) likeness: f64,
    pub(crate) likeness_lead: f64,
    pub(crate) keyword: f64,
}

pub(crate) const WEIGHTS: Weights = Weights {
    pattern: 0.60,
    code: 0.60,
    code_in_message: 0.45,
    other_code: -0.30,
    kind: 0.12,
    words: [0.10, 0.06, 0.10, 0.02],
    words_any: 0.12,
    quoted: [0.05, 0.02, 0.04, 0.04],
    context_in_solution: 0.06,
    context_in_text: 0.02,
    title_covered: 0.06,
    pattern_covered: 0.04,
    likeness: 0.20,
    likeness_lead: 0.08,
    keyword: 0.10,
};

/// Sums above this are compressed, so that more evidence always gives a higher score below 1.
const BEND: f64 = 0.6;
/// Reasons with a smaller contribution are left out.
const LEAST_REASON: f64 = 0.005;

/// Judges one candidate. Candidates with grounds to be shown score above a half, all others below; within
/// each half, the evidence decides.
pub(crate) fn judge(
    index: u32,
    error: &Diagnostic,
    query: &Query,
    (spell, evidence): (&Reading<'_>, &Evidence),
    features: &Features,
    code_is_known: bool,
) -> Verdict {
    let mut reasons = reasons(query, (spell, evidence), features, &WEIGHTS, code_is_known);
    let sum: f64 = reasons.iter().map(|reason| reason.weight).sum();
    let grounds = evidence.grounds(error);
    // A spell for another code, while a spell for this code exists, is about something else.
    let is_other = code_is_known
        && (matches!(features.code, Some(CodeEvidence::Other(_)))
            || evidence.code == grimoire_plugin_sdk::CodeEvidence::Other
                && !matches!(features.code, Some(CodeEvidence::Equal { .. })));
    let score = if grounds.is_ok() && !is_other { 0.5 + 0.5 * bend(sum) } else { 0.5 * bend(sum) };
    // The weights are scaled to add up to the score.
    let scale = if sum > 0.0 { score / sum } else { 1.0 };
    for reason in &mut reasons {
        reason.weight = (reason.weight * scale).clamp(-1.0, 1.0);
    }
    reasons.retain(|reason| reason.weight.abs() >= LEAST_REASON);
    reasons.sort_by(|one, other| {
        other.weight.abs().total_cmp(&one.weight.abs()).then_with(|| one.signal.cmp(&other.signal))
    });
    reasons.extend(grounds.err().map(Withheld::reason));
    Verdict { candidate: index, score, shown: grounds.is_ok() && !is_other, reasons }
}

/// The sum itself up to [`BEND`], then growing ever more slowly towards 1: strictly increasing and smooth.
fn bend(sum: f64) -> f64 {
    if sum <= BEND {
        return sum.max(0.0);
    }
    let room = 1.0 - BEND;
    let over = (sum - BEND) / room;
    BEND + room * (over / (1.0 + over))
}

/// One reason per signal, in a fixed order.
fn reasons(
    query: &Query,
    (spell, evidence): (&Reading<'_>, &Evidence),
    features: &Features,
    weights: &Weights,
    code_is_known: bool,
) -> Vec<Reason> {
    let mut reasons = Vec::with_capacity(8);
    let mut add = |signal: &str, weight: f64, detail: String| {
        if weight != 0.0 {
            reasons.push(Reason { signal: signal.to_owned(), weight, detail });
        }
    };
    let hit = match &evidence.pattern {
        PatternEvidence::Hit(hit) => Some(hit),
        PatternEvidence::Untried | PatternEvidence::Missed => None,
    };
    // One fact counts once: the pattern may have matched only the code.
    let hit_is_code = match (hit, &features.code) {
        (Some(hit), Some(CodeEvidence::Equal { code, .. })) => is_code_alone(&hit.text, code),
        _ => false,
    };
    if let Some(hit) = hit.filter(|_| !hit_is_code) {
        add(
            "pattern",
            weights.pattern * features.pattern,
            format!("the spell's pattern matches “{}”", shown(&hit.text, 160)),
        );
    }
    match &features.code {
        Some(CodeEvidence::Equal { code, explicit: true }) => {
            add("code", weights.code, format!("the spell is for {}", shown(code, 64)));
        }
        Some(CodeEvidence::Equal { code, explicit: false }) => {
            add(
                "code",
                weights.code_in_message,
                format!("the spell is for {}, which the message names", shown(code, 64)),
            );
        }
        // A spell may be for several codes: then its pattern names them, and no other spell is for this one.
        Some(CodeEvidence::Other(_)) if !code_is_known && hit.is_some_and(|hit| hit.in_message) => {}
        Some(CodeEvidence::Other(code)) => {
            add(
                "other-code",
                weights.other_code,
                format!("the spell is for another code, {}", shown(code, 64)),
            );
        }
        Some(CodeEvidence::None) | None => {}
    }
    let kind_is_code = matches!(
        &features.code,
        Some(CodeEvidence::Equal { code, .. }) if is_code_alone(spell.error_type, code)
    );
    add(
        "error-type",
        if kind_is_code { 0.0 } else { weights.kind * features.kind },
        format!("error type {}", shown(spell.error_type, 100)),
    );
    let message = dot(&weights.words, &features.words)
        + dot(&weights.quoted, &features.quoted)
        + weights.words_any * features.words_any
        + weights.title_covered * features.title_covered
        + weights.pattern_covered * features.pattern_covered;
    add("message", message, shared_words(query, &features.shared));
    add(
        "likeness",
        weights.likeness * features.likeness + weights.likeness_lead * features.likeness_lead,
        "the message is written like the spell's title".to_owned(),
    );
    add(
        "context",
        weights.context_in_solution * features.context_in_solution
            + weights.context_in_text * features.context_in_text,
        "the lines around the error use the same words".to_owned(),
    );
    add("keyword", weights.keyword * features.keyword, "found by keyword search".to_owned());
    reasons
}

/// Returns true if a text is a code with nothing but punctuation around it.
fn is_code_alone(text: &str, code: &str) -> bool {
    let rest = text.rsplit("::").next().unwrap_or(text);
    codes::same(code, rest.trim_matches(|c: char| !c.is_alphanumeric()))
}

fn dot(weights: &[f64; FIELDS], features: &[f64; FIELDS]) -> f64 {
    weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum()
}

/// Names the strongest shared terms, without repeats.
fn shared_words(query: &Query, shared: &[usize]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for term in shared {
        let word = query.terms[*term].1.as_str();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    if words.is_empty() {
        return "the title's words stand in the message".to_owned();
    }
    let words: Vec<String> = words.iter().map(|word| shown(word, 36)).collect();
    format!("shares {}", words.join(", "))
}

/// A text on one line, cut to `most` bytes.
fn shown(text: &str, most: usize) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    if line.len() > most {
        line.truncate(line.floor_char_boundary(most - '…'.len_utf8()));
    }
    if line.len() < text.len() {
        line.truncate(line.floor_char_boundary(most - '…'.len_utf8()));
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bending_keeps_the_order_and_the_range() {
        let mut last = -1.0;
        for step in 0..400 {
            let score = bend(f64::from(step) * 0.005);
            assert!(score >= last && (0.0..1.0).contains(&score));
            last = score;
        }
        assert!(bend(-3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn shown_texts_are_short_and_on_one_line() {
        assert_eq!(shown("a\nb", 10), "a b");
        assert!(shown(&"é".repeat(300), 160).len() <= 160);
        assert!(shown(&"é".repeat(300), 160).ends_with('…'));
    }
}
