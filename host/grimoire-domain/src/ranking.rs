//! The arithmetic of ranking, and the rule of what may be shown: pure, total, the same to the last bit
//! everywhere.

mod code;
mod guard;
mod language;
mod tool;

use std::cmp::Ordering;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::spell::{Spell, SpellId};

pub use code::{CodeEvidence, is_code, is_same as is_same_code, normal as normal_code, own_codes};
pub use guard::{Grounds, Withheld, grounds};
pub use language::{LanguageEvidence, Languages, tool_of_tags};

/// Why a score is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// A short stable name of the signal.
    pub signal: String,
    /// What it added, in [-1, 1].
    pub weight: f64,
    /// A fragment for people.
    pub detail: String,
}

/// What the host found out about a candidate before any plugin judges.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// BM25 divided by that of the best candidate: (0, 1], or 0 when found by another way.
    pub keyword: f64,
    /// What the spell's pattern said.
    pub pattern: PatternEvidence,
    /// Whether the spell is for the diagnostic's code.
    pub code: CodeEvidence,
    /// Whether both are about one language, and none about another tool.
    pub language: LanguageEvidence,
}

impl Evidence {
    /// What is known of a spell by comparing it with a diagnostic; its pattern is not tried here.
    pub fn of(diagnostic: &Diagnostic, spell: &Spell, keyword: f64, pattern: PatternEvidence) -> Self {
        let fields = &spell.fields;
        Self {
            keyword,
            pattern,
            code: CodeEvidence::of(diagnostic, &fields.error_type, fields.covers_code),
            language: LanguageEvidence::of(diagnostic, fields),
        }
    }
}

/// What came of trying a spell's pattern.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum PatternEvidence {
    /// Not tried.
    #[default]
    Untried,
    /// Tried, not found.
    Missed,
    /// Found.
    Hit(PatternHit),
}

impl PatternEvidence {
    /// What was found.
    pub fn hit(&self) -> Option<&PatternHit> {
        match self {
            Self::Hit(hit) => Some(hit),
            Self::Untried | Self::Missed => None,
        }
    }
}

/// Where a spell's pattern was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PatternHit {
    /// What matched, cut where it is long.
    pub text: String,
    /// How much of it tells something: see [`crate::pattern::ErrorPattern::telling`].
    pub telling: u32,
    /// Whether it stands in the message or its code, rather than in the lines around it.
    pub in_message: bool,
    /// Where in the diagnostic's searchable text it stands, in bytes.
    pub place: Range<usize>,
}

/// A spell to judge.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The spell.
    pub spell: std::sync::Arc<Spell>,
    /// What is known.
    pub evidence: Evidence,
}

/// A matcher's judgement on one candidate. Made by the host's validator: the index is in range and
/// unique, the score finite and in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// Index into the candidates.
    pub candidate: usize,
    /// 0 (unrelated) to 1 (certain).
    pub score: f64,
    /// Whether the matcher would show it. What has no grounds is not shown all the same: see [`grounds`].
    pub shown: bool,
    /// Strongest first.
    pub reasons: Vec<Reason>,
}

/// A spell in an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedSpell {
    /// Which spell.
    pub id: SpellId,
    /// Its title when it was ranked.
    pub title: String,
    /// Its error type when it was ranked.
    pub error_type: String,
    /// Its description when it was ranked.
    pub description: String,
    /// Its solution when it was ranked.
    pub solution_code: String,
    /// Its revision when it was ranked.
    pub revision: u64,
    /// 0 to 1.
    pub score: f64,
    /// Strongest first.
    pub reasons: Vec<Reason>,
}

/// The order of an answer: higher scores first, ties by smaller id. Total, also for NaN.
pub fn compare(left: (f64, SpellId), right: (f64, SpellId)) -> Ordering {
    right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
}

/// A candidate with all that was decided about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked<'c> {
    /// Which spell.
    pub spell: &'c Spell,
    /// 0 to 1.
    pub score: f64,
    /// Why it is shown, or why not.
    pub shown: Result<Grounds, Withheld>,
    /// Strongest first.
    pub reasons: Vec<Reason>,
}

/// Orders all candidates by their verdicts and decides for each whether it is shown: with grounds, by the
/// matcher's leave, with a score of at least `threshold`, among the first `limit` of those. Candidates that
/// the matcher left out come last.
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
                // Also what is not a number.
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

/// By how many letters a find must tell more than another in the same place, so that the other is withheld.
const MORE_SPECIFIC: u32 = 2;

/// How many spells may say the same of one place.
const MOST_ALIKE: usize = 3;

/// Of spells whose patterns were found in one place the one that names more is for this very error: `No
/// module named 'distutils'` is not mended as any other missing module is. So is the one that names the
/// tool, where two linters say the same. Where a pattern was found in the message, a code alone is less
/// specific too.
/// Where more spells than a reader compares say the same of one place, their patterns are what the errors of a
/// tool have in common, and none is shown.
/// `ranked` are in the order of the candidates.
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
    let finds: Vec<(&PatternHit, u32)> = candidates
        .iter()
        .zip(ranked.iter())
        .filter(|(_, ranked)| ranked.shown == Ok(Grounds::Pattern))
        .filter_map(|(candidate, _)| {
            let hit = candidate.evidence.pattern.hit()?;
            Some((hit, specificity(candidate, hit)))
        })
        .collect();
    for (candidate, ranked) in candidates.iter().zip(ranked) {
        let less_specific = match (&ranked.shown, candidate.evidence.pattern.hit()) {
            (Ok(Grounds::Pattern), Some(mine)) => {
                let more_specific = specificity(candidate, mine).saturating_add(MORE_SPECIFIC);
                let is_code = mine.place.end <= message;
                finds.iter().any(|(other, specificity)| {
                    let overlap = mine.place.start < other.place.end && other.place.start < mine.place.end;
                    overlap && *specificity >= more_specific
                        || is_code && other.in_message && other.place.end > message
                })
            }
            (Ok(Grounds::Code), _) => finds.iter().any(|(other, _)| other.in_message),
            _ => false,
        };
        let alike = || {
            let mine = candidate.evidence.pattern.hit().filter(|_| ranked.shown == Ok(Grounds::Pattern))?;
            let wanted = specificity(candidate, mine);
            let alike = finds
                .iter()
                .filter(|(other, specificity)| other.place == mine.place && *specificity == wanted);
            Some(alike.count())
        };
        if less_specific {
            ranked.shown = Err(Withheld::LessSpecific);
        } else if alike().is_some_and(|alike| alike > MOST_ALIKE) {
            ranked.shown = Err(Withheld::Alike);
        }
    }
}

/// Those of [`judge`] that are shown, as an answer has them.
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
        let Spell { id, fields, revision, .. } = ranked.spell;
        Self {
            id: *id,
            title: fields.title.clone(),
            error_type: fields.error_type.clone(),
            description: fields.description.clone(),
            solution_code: fields.solution_code.clone(),
            revision: *revision,
            score: ranked.score,
            reasons: ranked.reasons,
        }
    }
}

/// The fallback when no matcher answers: what has evidence first, each part in keyword order.
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
            let detail = format!("the spell's pattern matches “{}”", crate::text::cut(&hit.text, 160));
            reasons.insert(0, Reason { signal: "pattern".to_owned(), weight: 0.5, detail });
        } else if evident {
            let detail = "the spell covers the error's code".to_owned();
            reasons.insert(0, Reason { signal: "code".to_owned(), weight: 0.5, detail });
        }
        Verdict { candidate: index, score: if evident { 0.5 + half } else { half }, shown: true, reasons }
    };
    candidates.iter().enumerate().map(verdict).collect()
}
