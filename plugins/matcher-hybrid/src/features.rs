//! The features of each candidate. Every feature is in [0, 1]; [`crate::score`] decides how much
//! each counts.

use grimoire_plugin_sdk::{Diagnostic, Evidence, PatternEvidence};

use crate::codes::{CodeEvidence, Codes};
use crate::grams::{Grams, Seen};
use crate::kinds::kind_likeness;
use crate::query::{MOST_TERMS, Part, Query};
use crate::reading::{Reading, Words, each_word};
use crate::tokens::{Word, is_stop_word};

/// The texts of a spell that are measured separately: a word in the title says more than one in the code.
pub(crate) const FIELDS: usize = 4;
const TITLE: usize = 0;
const PATTERN: usize = 1;
const DESCRIPTION: usize = 2;
const SOLUTION: usize = 3;
/// Keeps the rarity of terms sensible for few candidates: as if there were this many more, none of
/// them with the term.
const UNSEEN: f64 = 6.0;

/// The measurements of one candidate.
#[derive(Clone, Debug, Default)]
pub(crate) struct Features {
    /// The specificity of the text that the spell's pattern matched; 0 without a match.
    pub(crate) pattern: f64,
    pub(crate) code: Option<CodeEvidence>,
    /// Similarity of the error types.
    pub(crate) kind: f64,
    /// Share of the message's own words, weighted by rarity, in each field and in any.
    pub(crate) words: [f64; FIELDS],
    pub(crate) words_any: f64,
    /// The same for the quoted parts.
    pub(crate) quoted: [f64; FIELDS],
    /// The same for the context: in the solution, and in anything else.
    pub(crate) context_in_solution: f64,
    pub(crate) context_in_text: f64,
    /// Share of the title's and of the pattern's words that the diagnostic contains.
    pub(crate) title_covered: f64,
    pub(crate) pattern_covered: f64,
    /// Similarity by grams: with title and pattern, and with the start of the description.
    pub(crate) likeness: f64,
    pub(crate) likeness_lead: f64,
    /// The host's keyword evidence.
    pub(crate) keyword: f64,
    /// The most significant shared terms, strongest first.
    pub(crate) shared: Vec<usize>,
}

/// How often each term occurs in each field of one candidate.
type Counts = [[u8; FIELDS]];

/// Computes the features of all candidates.
pub(crate) fn measure(
    error: &Diagnostic,
    query: &Query,
    candidates: &[(Reading<'_>, &Evidence)],
) -> Vec<Features> {
    let terms = query.terms.len();
    let mut counts = vec![[0_u8; FIELDS]; terms * candidates.len()];
    let mut lengths = vec![[0_u32; FIELDS]; candidates.len()];
    let mut covered = vec![(0.0, 0.0); candidates.len()];
    for (at, (spell, _)) in candidates.iter().enumerate() {
        let counts = &mut counts[at * terms..(at + 1) * terms];
        covered[at] = count_terms(query, &spell.words, counts, &mut lengths[at]);
    }
    let rarity = rarities(terms, candidates.len(), &counts);
    let grams = Grams::of(&Seen::default().slots(&[&error.message]));
    let codes = Codes::of(error);
    let mut all = Vec::with_capacity(candidates.len());
    for (at, (spell, evidence)) in candidates.iter().enumerate() {
        let mut features = Features {
            pattern: pattern_strength(&evidence.pattern),
            code: Some(codes.evidence(spell)),
            kind: kind_likeness(error, spell.error_type),
            title_covered: covered[at].0,
            pattern_covered: covered[at].1,
            likeness: grams.likeness(&spell.head),
            likeness_lead: grams.likeness(&spell.lead),
            keyword: clean(evidence.keyword),
            ..Features::default()
        };
        share_terms(query, &counts[at * terms..(at + 1) * terms], lengths[at], &rarity, &mut features);
        all.push(features);
    }
    all
}

/// Sanitises a number from the host: NaN and infinities count as 0.
fn clean(number: f64) -> f64 {
    if number.is_finite() { number.clamp(0.0, 1.0) } else { 0.0 }
}

/// From 0.2 for a few specific letters, which many texts contain, to 1 for a whole sentence; less in the
/// lines around the message.
fn pattern_strength(evidence: &PatternEvidence) -> f64 {
    let PatternEvidence::Hit(hit) = evidence else { return 0.0 };
    let strength = 0.2 + 0.8 * (f64::from(hit.telling.min(28)) / 28.0);
    if hit.in_message { strength } else { strength * 0.85 }
}

/// Counts the query's terms in the candidate's fields. Returns the share of the title's and of the
/// pattern's words that the diagnostic contains.
fn count_terms(
    query: &Query,
    words: &Words<'_>,
    counts: &mut Counts,
    lengths: &mut [u32; FIELDS],
) -> (f64, f64) {
    let mut known = [0_u32; FIELDS];
    let mut telling = [0_u32; FIELDS];
    match words {
        Words::Written(spell) => {
            for field in 0..FIELDS {
                let mut length = 0;
                each_word(spell, field, |word: Word<'_>| {
                    length += 1;
                    if let Some(term) = query.find_word(word) {
                        counts[term][field] = counts[term][field].saturating_add(1);
                        if query.terms[term].0 != Part::Context {
                            known[field] += 1;
                            telling[field] += 1;
                        }
                    } else if field <= PATTERN && !is_stop_word(word.token().0) {
                        telling[field] += 1;
                    }
                });
                lengths[field] = length;
            }
            // Tags are like short titles.
            each_word(spell, FIELDS, |word| {
                if let Some(term) = query.find_word(word) {
                    counts[term][TITLE] = counts[term][TITLE].saturating_add(1);
                }
            });
        }
        Words::Counted(fields) => {
            for (field, counted) in fields.iter().enumerate() {
                let is_tags = field == FIELDS;
                let into = if is_tags { TITLE } else { field };
                if !is_tags {
                    lengths[field] = counted.length;
                    telling[field] = counted.telling;
                }
                for (token, count) in counted.tokens() {
                    let Some(term) = query.find(token) else { continue };
                    let added = u8::try_from(count).unwrap_or(u8::MAX);
                    counts[term][into] = counts[term][into].saturating_add(added);
                    if is_tags {
                        continue;
                    }
                    if query.terms[term].0 == Part::Context {
                        telling[field] -= u32::from(count);
                    } else {
                        known[field] += u32::from(count);
                    }
                }
            }
        }
    }
    let share = |field: usize| {
        if telling[field] == 0 { 0.0 } else { f64::from(known[field]) / f64::from(telling[field]) }
    };
    (share(TITLE), share(PATTERN))
}

/// The rarity of each term among the candidates, from 1. A term that no candidate has does not
/// distinguish them and counts as a common one.
fn rarities(terms: usize, candidates: usize, counts: &Counts) -> Vec<f64> {
    let mut having = vec![0_u32; terms];
    for counts in counts.chunks_exact(terms.max(1)) {
        for (having, fields) in having.iter_mut().zip(counts) {
            *having += u32::from(fields.iter().any(|count| *count > 0));
        }
    }
    let all = candidates as f64 + UNSEEN;
    having
        .into_iter()
        .map(|having| if having == 0 { 1.0 } else { 1.0 + natural_logarithm(all / f64::from(having)) })
        .collect()
}

/// The natural logarithm of a finite number of at least 1, by arithmetic only, so that it is the same
/// to the last bit on every platform.
fn natural_logarithm(mut number: f64) -> f64 {
    let mut twos = 0.0;
    while number > 2.0 {
        number *= 0.5;
        twos += 1.0;
    }
    // ln x = 2 artanh((x - 1) / (x + 1)); the ratio is at most 1/3, so 12 terms are exact enough.
    let ratio = (number - 1.0) / (number + 1.0);
    let square = ratio * ratio;
    let (mut power, mut sum, mut odd) = (ratio, 0.0, 1.0);
    for _ in 0..12 {
        sum += power / odd;
        power *= square;
        odd += 2.0;
    }
    2.0 * sum + twos * std::f64::consts::LN_2
}

/// Sums the shared terms by part and field.
fn share_terms(
    query: &Query,
    counts: &Counts,
    lengths: [u32; FIELDS],
    rarity: &[f64],
    features: &mut Features,
) {
    let mut sums = [[0.0; FIELDS + 1]; 3];
    let mut totals = [0.0; 3];
    let mut best: [(f64, usize); 6] = [(0.0, usize::MAX); 6];
    // A word in a long text is less significant than one in a short text.
    let damping: [f64; FIELDS] = std::array::from_fn(|field| match field {
        TITLE | PATTERN => 0.2,
        _ => 0.4 + 0.6 * f64::from(lengths[field]) / 120.0,
    });
    for (term, ((part, _), fields)) in query.terms.iter().zip(counts).enumerate() {
        let part = *part as usize;
        totals[part] += rarity[term];
        if fields.iter().all(|count| *count == 0) {
            continue;
        }
        let mut strongest = 0.0_f64;
        for field in 0..FIELDS {
            let count = f64::from(fields[field]);
            let presence = count / (count + damping[field]) * (1.0 + 0.2 * damping[field]).min(1.2);
            let presence = presence.min(1.0);
            sums[part][field] += rarity[term] * presence;
            strongest = strongest.max(presence);
        }
        sums[part][FIELDS] += rarity[term] * strongest;
        if part != Part::Context as usize {
            let value = rarity[term] * strongest;
            if let Some(at) = best.iter().position(|(other, _)| value > *other) {
                best[at..].rotate_right(1);
                best[at] = (value, term);
            }
        }
    }
    let share = |part: Part, field: usize| {
        let total: f64 = totals[part as usize];
        if total > 0.0 { (sums[part as usize][field] / total).min(1.0) } else { 0.0 }
    };
    for field in 0..FIELDS {
        features.words[field] = share(Part::Words, field);
        features.quoted[field] = share(Part::Quoted, field);
    }
    features.words_any = share(Part::Words, FIELDS);
    features.context_in_solution = share(Part::Context, SOLUTION);
    features.context_in_text = share(Part::Context, TITLE).max(share(Part::Context, DESCRIPTION));
    features.shared = best.iter().map(|(_, term)| *term).filter(|term| *term < MOST_TERMS).collect();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_right() {
        for number in [1.0, 1.5, 2.0, 3.0, 10.0, 70.0, 10_006.0, 1e12_f64] {
            assert!((natural_logarithm(number) - number.ln()).abs() < 1e-9, "{number}");
        }
    }

    #[test]
    fn what_tells_more_is_stronger_evidence() {
        let strength = |telling, in_message| {
            let hit = grimoire_plugin_sdk::PatternHit { text: "found".to_owned(), telling, in_message };
            pattern_strength(&PatternEvidence::Hit(hit))
        };
        assert!(strength(3, true) < strength(12, true) && strength(12, true) < strength(36, true));
        assert!(strength(12, false) < strength(12, true));
        assert!(strength(u32::MAX, true) <= 1.0);
    }
}
