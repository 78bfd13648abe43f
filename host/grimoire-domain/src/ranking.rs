//! The arithmetic of ranking: pure, total, the same to the last bit everywhere.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::spell::{Spell, SpellId};

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
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// BM25 divided by that of the best candidate: (0, 1], or 0 when found by another way.
    pub keyword: f64,
    /// What the spell's pattern said.
    pub pattern: PatternEvidence,
}

/// What came of trying a spell's pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternEvidence {
    /// Not tried.
    Untried,
    /// Tried, not found.
    Missed,
    /// Found: what matched.
    Hit(String),
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

/// Orders candidates by their verdicts and keeps the best `limit` of at least `threshold`.
pub fn rank(
    candidates: &[Candidate],
    verdicts: Vec<Verdict>,
    threshold: f64,
    limit: usize,
) -> Vec<RankedSpell> {
    let mut ranked: Vec<RankedSpell> = verdicts
        .into_iter()
        .filter(|verdict| verdict.score >= threshold)
        .filter_map(|verdict| {
            let spell = &candidates.get(verdict.candidate)?.spell;
            Some(RankedSpell {
                id: spell.id,
                title: spell.fields.title.clone(),
                error_type: spell.fields.error_type.clone(),
                description: spell.fields.description.clone(),
                solution_code: spell.fields.solution_code.clone(),
                revision: spell.revision,
                score: verdict.score,
                reasons: verdict.reasons,
            })
        })
        .collect();
    ranked.sort_by(|left, right| compare((left.score, left.id), (right.score, right.id)));
    ranked.truncate(limit);
    ranked
}

/// The fallback when no matcher answers: keyword order, with the evidence as the only reason.
pub fn keyword_verdicts(candidates: &[Candidate]) -> Vec<Verdict> {
    candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| Verdict {
            candidate: index,
            score: candidate.evidence.keyword.clamp(0.0, 1.0),
            reasons: vec![Reason {
                signal: "keyword".to_owned(),
                weight: candidate.evidence.keyword.clamp(0.0, 1.0),
                detail: "keyword search only: no matcher answered".to_owned(),
            }],
        })
        .collect()
}
