//! The arithmetic of ranking, and the rules for showing a spell: pure, total, and identical to the
//! last bit on every machine.

mod code;
mod guard;
mod language;
mod panel;
mod place;
mod reason;
mod tool;

use std::cmp::Ordering;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::pattern::ErrorPattern;
use crate::spell::{Outcomes, Spell, SpellId};
use crate::text;

pub use code::{CodeEvidence, is_code, is_same as is_same_code, normal as normal_code, own_codes};
pub use guard::{Grounds, Withheld, grounds};
pub use language::{LanguageEvidence, Languages, tool_of_tags};
pub use panel::{Member, Opinion, PART, Panel, combine};
pub use reason::is_hint;

/// One reason for a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// A short stable name of the signal.
    pub signal: String,
    /// Its contribution to the score, in [-1, 1].
    pub weight: f64,
    /// A short text for display.
    pub detail: String,
}

/// The host's evidence about a candidate, collected before any plugin judges it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// BM25 score divided by that of the best candidate: (0, 1], or 0 when not found by keywords.
    pub keyword: f64,
    /// The result of the spell's pattern.
    pub pattern: PatternEvidence,
    /// How the spell's error type relates to the diagnostic's code.
    pub code: CodeEvidence,
    /// How the languages and tools of the two relate.
    pub language: LanguageEvidence,
    /// True if the spell changes the project's own sources and the error lies in foreign code.
    pub elsewhere: bool,
    /// True if the spell is for a symptom that has many causes.
    pub general: bool,
    /// Words that continue the error and that a general spell does not mention.
    pub unspoken: Option<String>,
    /// True if a general spell changes the project's own sources, and the error is a mistake of the program itself.
    pub own_mistake: bool,
    /// How similar an embedder finds the two, from -1 to 1; absent without an embedder, and while the spell has no vector.
    pub similarity: Option<f64>,
}

impl Evidence {
    /// The evidence from comparing a spell with a diagnostic; `pattern` is the result of a search done before. The
    /// similarity is the caller's to add.
    pub fn of(diagnostic: &Diagnostic, spell: &Spell, keyword: f64, pattern: PatternEvidence) -> Self {
        let fields = &spell.fields;
        let general = reason::is_general(fields);
        let hit = pattern.hit().filter(|hit| general && hit.in_message);
        let unspoken = hit.and_then(|hit| reason::unspoken(diagnostic, fields, &hit.place));
        Self {
            keyword,
            pattern,
            code: CodeEvidence::of(diagnostic, &fields.error_type, fields.covers_code),
            language: LanguageEvidence::of(diagnostic, fields),
            elsewhere: place::is_elsewhere(diagnostic, fields),
            general,
            unspoken,
            own_mistake: general && reason::is_own_mistake(diagnostic, fields),
            similarity: None,
        }
    }
}

/// Maximum number of bytes of a match that are kept as evidence.
const MOST_EVIDENCE: usize = 512;

/// The result of searching a spell's pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PatternEvidence {
    /// Not searched.
    #[default]
    Untried,
    /// Searched, not found.
    Missed,
    /// Found.
    Hit(PatternHit),
}

impl PatternEvidence {
    /// Searches a pattern in a diagnostic's searchable text. `message` is the range of the message: severity and code
    /// precede it, context and stack trace follow it. Takes time linear in the text.
    pub fn search(pattern: &ErrorPattern, text: &str, message: &Range<usize>) -> Self {
        let Some(found) = pattern.find_in_error(text, message.start) else {
            return if pattern.is_usable() { Self::Missed } else { Self::Untried };
        };
        let start = found.as_ptr().addr() - text.as_ptr().addr();
        Self::Hit(PatternHit {
            text: text::cut(found, MOST_EVIDENCE).to_owned(),
            telling: pattern.specificity(found),
            in_message: start < message.end,
            place: start..start + found.len(),
        })
    }

    /// The match, if there is one.
    pub fn hit(&self) -> Option<&PatternHit> {
        match self {
            Self::Hit(hit) => Some(hit),
            Self::Untried | Self::Missed => None,
        }
    }
}

/// A match of a spell's pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatternHit {
    /// The matched text, cut if it is long.
    pub text: String,
    /// How specific the match is: see [`crate::pattern::ErrorPattern::specificity`].
    pub telling: u32,
    /// True if the match is in the message or its code rather than in the lines around it.
    pub in_message: bool,
    /// The byte range of the match in the diagnostic's searchable text.
    pub place: Range<usize>,
}

/// A spell to be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The spell.
    pub spell: std::sync::Arc<Spell>,
    /// The evidence about the spell.
    pub evidence: Evidence,
    /// How the spell has fared so far.
    pub outcomes: Outcomes,
}

/// A matcher's judgement on one candidate. Built by the host's validator: the index is in range and
/// unique, the score finite and in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Index into the candidates.
    pub candidate: usize,
    /// 0 (unrelated) to 1 (certain).
    pub score: f64,
    /// True if the matcher would show the spell. One without grounds is not shown even then: see [`grounds`].
    pub shown: bool,
    /// Reasons, strongest first.
    pub reasons: Vec<Reason>,
}

/// A spell in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedSpell {
    /// The spell's id.
    pub id: SpellId,
    /// The title at the time of ranking.
    pub title: String,
    /// The error type at the time of ranking.
    pub error_type: String,
    /// The description at the time of ranking.
    pub description: String,
    /// The solution at the time of ranking.
    pub solution_code: String,
    /// The revision at the time of ranking.
    pub revision: u64,
    /// The score, 0 to 1.
    pub score: f64,
    /// True if the spell has the tag `hint`: it says where to look, and is no fix.
    #[serde(default)]
    pub hint: bool,
    /// Reasons, strongest first.
    pub reasons: Vec<Reason>,
}

/// The order of an answer: higher scores first, ties by smaller id. A total order, also for NaN.
pub fn compare(left: (f64, SpellId), right: (f64, SpellId)) -> Ordering {
    right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
}

/// A candidate and the decision about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked<'c> {
    /// The spell.
    pub spell: &'c Spell,
    /// The score, 0 to 1.
    pub score: f64,
    /// The grounds on which the spell is shown, or why it is not.
    pub shown: Result<Grounds, Withheld>,
    /// Reasons, strongest first.
    pub reasons: Vec<Reason>,
}

impl Ranked<'_> {
    /// Returns true if the spell says where to look rather than how to mend the error: its tag `hint`.
    pub fn is_hint(&self) -> bool {
        is_hint(&self.spell.fields)
    }
}

/// Orders all candidates by their verdicts and decides for each whether it is shown: it needs grounds, the
/// matcher's consent, a score of at least `threshold`, and a place among the first `limit`. Candidates
/// without a verdict come last.
pub fn judge<'c>(
    diagnostic: &Diagnostic,
    candidates: &'c [Candidate],
    verdicts: Vec<Verdict>,
    threshold: f64,
    limit: usize,
) -> Vec<Ranked<'c>> {
    let mut of_candidate: Vec<Option<Verdict>> = vec![None; candidates.len()];
    for verdict in verdicts {
        if let Some(place) = of_candidate.get_mut(verdict.candidate) {
            *place = Some(verdict);
        }
    }
    let mut ranked: Vec<Ranked<'_>> = candidates
        .iter()
        .zip(of_candidate)
        .map(|(candidate, verdict)| {
            let grounds = grounds(diagnostic, &candidate.evidence);
            let Some(Verdict { score, shown, reasons, .. }) = verdict else {
                let shown = grounds.and(Err(Withheld::LeftOut));
                return Ranked { spell: &candidate.spell, score: 0.0, shown, reasons: Vec::new() };
            };
            let shown = match grounds {
                Ok(_) if !shown => Err(Withheld::Matcher),
                // Also catches NaN.
                Ok(_) if score.is_nan() || score < threshold => Err(Withheld::Threshold),
                grounds => grounds,
            };
            Ranked { spell: &candidate.spell, score, shown, reasons }
        })
        .collect();
    withhold_less_specific(diagnostic, candidates, &mut ranked);
    ranked.sort_by(|left, right| compare((left.score, left.spell.id), (right.score, right.spell.id)));
    for surplus in ranked.iter_mut().filter(|ranked| ranked.shown.is_ok()).skip(limit) {
        surplus.shown = Err(Withheld::Limit);
    }
    ranked
}

/// By how many letters one match must be more specific than another in the same place for the other to be withheld.
const MORE_SPECIFIC: u32 = 2;

/// Maximum number of spells shown for the same match in one place.
const MOST_ALIKE: usize = 3;

/// Withholds spells when a more specific one is shown for the same place. A hint yields to any fix that is shown, and a
/// general spell to any other one, however little that one names. `No module named 'distutils'` has
/// another fix than other missing modules, so the spell whose pattern names more is shown, and so is the one
/// that names the tool where two linters report the same. A code alone is less specific than a pattern found
/// in the message. A pattern found only in the lines around, which names less than one in the message, belongs
/// to another error. If more than [`MOST_ALIKE`] spells match the same text of one place, their patterns
/// describe what a tool's errors have in common, and none is shown. `ranked` is in the order of the
/// candidates.
fn withhold_less_specific(diagnostic: &Diagnostic, candidates: &[Candidate], ranked: &mut [Ranked<'_>]) {
    let names_tool = |spell: &Spell| {
        let tools = [diagnostic.tool.as_str(), &diagnostic.error_type];
        let mut names = spell.fields.tags.iter().chain([&spell.fields.error_type]);
        names.any(|name| tools.iter().any(|tool| !tool.is_empty() && tool.eq_ignore_ascii_case(name)))
    };
    let specificity = |candidate: &Candidate, hit: &PatternHit| {
        hit.telling.saturating_add(if names_tool(&candidate.spell) { MORE_SPECIFIC } else { 0 })
    };
    let message = diagnostic.message_place().start;
    // Where a fix is shown, hints are withheld, so nothing yields to them.
    let is_fixed =
        |ranked: &[Ranked<'_>]| ranked.iter().any(|ranked| ranked.shown.is_ok() && !ranked.is_hint());
    let finds_in = |ranked: &[Ranked<'_>]| -> Vec<(&PatternHit, u32, bool)> {
        let fixed = is_fixed(ranked);
        candidates
            .iter()
            .zip(ranked)
            .filter(|(_, ranked)| ranked.shown == Ok(Grounds::Pattern) && !(fixed && ranked.is_hint()))
            .filter_map(|(candidate, _)| {
                let hit = candidate.evidence.pattern.hit()?;
                Some((hit, specificity(candidate, hit), candidate.evidence.general))
            })
            .collect()
    };
    // First what belongs to another error, which no other spell has to yield to.
    let finds = finds_in(ranked);
    for (candidate, ranked) in candidates.iter().zip(&mut *ranked) {
        let hit = candidate.evidence.pattern.hit().filter(|hit| !hit.in_message);
        if let Some(mine) = hit.filter(|_| ranked.shown == Ok(Grounds::Pattern)) {
            let more_specific = specificity(candidate, mine).saturating_add(MORE_SPECIFIC);
            if finds.iter().any(|(other, specificity, _)| other.in_message && *specificity >= more_specific) {
                ranked.shown = Err(Withheld::LessSpecific);
            }
        }
    }
    let finds = finds_in(ranked);
    let fixed = is_fixed(ranked);
    let special = candidates
        .iter()
        .zip(ranked.iter())
        .any(|(candidate, ranked)| ranked.shown.is_ok() && !candidate.evidence.general);
    for (candidate, ranked) in candidates.iter().zip(ranked) {
        let less_specific = match (&ranked.shown, candidate.evidence.pattern.hit()) {
            (Ok(_), _) if ranked.is_hint() && fixed || candidate.evidence.general && special => true,
            (Ok(Grounds::Pattern), Some(mine)) => {
                let more_specific = specificity(candidate, mine).saturating_add(MORE_SPECIFIC);
                let is_code = |hit: &PatternHit| hit.place.end <= message;
                finds.iter().any(|(other, specificity, general)| {
                    let overlap = mine.place.start < other.place.end && other.place.start < mine.place.end;
                    // A general spell yields to this one, and a code to the message that follows it: neither of two
                    // spells may have to yield to the other.
                    let rival = candidate.evidence.general || !general;
                    let is_before = is_code(mine) && other.in_message && !is_code(other);
                    let is_after = is_code(other) && !is_code(mine);
                    rival && (is_before || overlap && !is_after && *specificity >= more_specific)
                })
            }
            (Ok(Grounds::Code), _) => finds.iter().any(|(other, _, general)| other.in_message && !general),
            _ => false,
        };
        let alike = || {
            let mine = candidate.evidence.pattern.hit().filter(|_| ranked.shown == Ok(Grounds::Pattern))?;
            let wanted = specificity(candidate, mine);
            let alike = finds
                .iter()
                .filter(|(other, specificity, _)| other.place == mine.place && *specificity == wanted);
            Some(alike.count())
        };
        if less_specific {
            ranked.shown = Err(Withheld::LessSpecific);
        } else if alike().is_some_and(|alike| alike > MOST_ALIKE) {
            ranked.shown = Err(Withheld::Alike);
        }
    }
}

/// The candidates of [`judge`] that are shown, in the form of an answer.
pub fn rank(
    diagnostic: &Diagnostic,
    candidates: &[Candidate],
    verdicts: Vec<Verdict>,
    threshold: f64,
    limit: usize,
) -> Vec<RankedSpell> {
    let judged = judge(diagnostic, candidates, verdicts, threshold, limit);
    judged.into_iter().filter(|ranked| ranked.shown.is_ok()).map(RankedSpell::from).collect()
}

impl From<Ranked<'_>> for RankedSpell {
    fn from(ranked: Ranked<'_>) -> Self {
        let hint = ranked.is_hint();
        let Spell { id, fields, revision, .. } = ranked.spell;
        Self {
            id: *id,
            title: fields.title.clone(),
            error_type: fields.error_type.clone(),
            description: fields.description.clone(),
            solution_code: fields.solution_code.clone(),
            revision: *revision,
            score: ranked.score,
            hint,
            reasons: ranked.reasons,
        }
    }
}

/// The fallback without a matcher: candidates with evidence first, each group in keyword order.
pub fn keyword_verdicts(candidates: &[Candidate]) -> Vec<Verdict> {
    let verdict = |(index, candidate): (usize, &Candidate)| {
        let Evidence { keyword, pattern, code, .. } = &candidate.evidence;
        let half = keyword.clamp(0.0, 1.0) / 2.0;
        let evident = matches!(pattern, PatternEvidence::Hit(_)) || *code == CodeEvidence::Covered;
        let mut reasons = vec![Reason {
            signal: "keyword".to_owned(),
            weight: half,
            detail: "keyword search only: no matcher answered".to_owned(),
        }];
        if let PatternEvidence::Hit(hit) = pattern {
            let detail = format!("the spell's pattern matches “{}”", text::cut(&hit.text, 160));
            reasons.insert(0, Reason { signal: "pattern".to_owned(), weight: 0.5, detail });
        } else if evident {
            let detail = "the spell covers the error's code".to_owned();
            reasons.insert(0, Reason { signal: "code".to_owned(), weight: 0.5, detail });
        }
        Verdict { candidate: index, score: if evident { 0.5 + half } else { half }, shown: true, reasons }
    };
    candidates.iter().enumerate().map(verdict).collect()
}
