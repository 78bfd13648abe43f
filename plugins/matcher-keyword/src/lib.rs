//! The simple matcher: counts how many of the message's keywords a spell has.
//!
//! 1. The keywords K of the diagnostic are the distinct lower-case words of its message that have at
//!    least three characters and are not in [`STOP_WORDS`]. A word is a run of letters, digits and `_`.
//! 2. A candidate with another error type than the diagnostic's is rejected, ignoring letter case.
//!    If the diagnostic has no error type, all candidates stay.
//! 3. S are the words of the candidate's title, description, error pattern and tags, extracted in the same way.
//! 4. The score is |K ∩ S| / |K|, in [0, 1]; it is 0 if the message has no keywords.
//!
//! The verdicts are in descending order of score; equal scores keep the order of the candidates.
//! Besides being a matcher, this is the baseline for more advanced ones.
#![deny(unsafe_code)]

use std::collections::BTreeSet;

use grimoire_plugin_sdk::{Candidate, Diagnostic, Failure, Reason, Spell, Verdict, Withheld};

/// Minimum length of a keyword in characters.
const SHORTEST: usize = 3;
/// Maximum length of a reason's detail in bytes, by the contract.
const DETAIL: usize = 256;

/// Words that say nothing about an error: articles, pronouns, prepositions, forms of “be” and “have”.
pub const STOP_WORDS: &[&str] = &[
    "about", "and", "any", "are", "been", "but", "can", "cannot", "could", "did", "does", "for", "from",
    "had", "has", "have", "here", "into", "its", "may", "more", "not", "other", "should", "some", "such",
    "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "was", "were",
    "what", "when", "where", "which", "while", "will", "with", "would", "you", "your",
];

/// Judges the candidates of the diagnostic's error type, best first.
///
/// # Errors
///
/// None: any input has an answer.
#[allow(clippy::unnecessary_wraps, reason = "every matcher has this signature")]
pub fn score(error: &Diagnostic, candidates: &[Candidate]) -> Result<Vec<Verdict>, Failure> {
    let wanted = keywords([error.message.as_str()]);
    let mut verdicts: Vec<Verdict> = (0_u32..)
        .zip(candidates)
        .filter(|(_, candidate)| has_type(&candidate.spell, &error.error_type))
        .map(|(index, candidate)| judge(index, error, &wanted, candidate))
        .collect();
    verdicts.sort_by(|one, other| other.score.total_cmp(&one.score));
    Ok(verdicts)
}

/// Returns true if the spell is for errors of this type; an empty type matches all.
fn has_type(spell: &Spell, error_type: &str) -> bool {
    let error_type = error_type.trim();
    error_type.is_empty() || spell.error_type.trim().to_lowercase() == error_type.to_lowercase()
}

fn judge(index: u32, error: &Diagnostic, wanted: &BTreeSet<String>, candidate: &Candidate) -> Verdict {
    let spell = &candidate.spell;
    let fields = [&spell.title, &spell.description, &spell.error_pattern].into_iter().chain(&spell.tags);
    let offered = keywords(fields.map(String::as_str));
    let shared: Vec<&str> = wanted.intersection(&offered).map(String::as_str).collect();
    let score = if wanted.is_empty() { 0.0 } else { shared.len() as f64 / wanted.len() as f64 };
    let mut reasons = if shared.is_empty() {
        Vec::new()
    } else {
        vec![Reason { signal: "keywords".to_owned(), weight: score, detail: detail(&shared, wanted.len()) }]
    };
    let grounds = candidate.evidence.grounds(error);
    reasons.extend(grounds.err().map(Withheld::reason));
    Verdict { candidate: index, score, shown: grounds.is_ok(), reasons }
}

/// The distinct keywords of some texts, in alphabetical order.
fn keywords<'a>(texts: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    texts
        .into_iter()
        .flat_map(|text| text.split(|c: char| !(c.is_alphanumeric() || c == '_')))
        .filter(|word| word.chars().nth(SHORTEST - 1).is_some())
        .map(str::to_lowercase)
        .filter(|word| STOP_WORDS.binary_search(&word.as_str()).is_err())
        .collect()
}

/// `2 of 5 keywords: borrow, moved`, with as many words as fit.
fn detail(shared: &[&str], wanted: usize) -> String {
    let mut detail = format!("{} of {wanted} keywords:", shared.len());
    for (at, word) in shared.iter().enumerate() {
        let separator = if at == 0 { " " } else { ", " };
        if detail.len() + separator.len() + word.len() + '…'.len_utf8() + 1 > DETAIL {
            detail.push_str(" …");
            break;
        }
        detail.push_str(separator);
        detail.push_str(word);
    }
    detail
}

grimoire_plugin_sdk::export_matcher!(crate::score);
