//! The values of `wit/matcher/matcher.wit` as plain Rust.

/// A stored fix, as far as ranking needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spell {
    /// The id in the spellbook.
    pub id: u64,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: String,
    /// What kind of error it is for, in the sense of [`crate::Diagnostic::error_type`].
    pub error_type: String,
    /// The regular expression or text that recognises the error; the host has tried it.
    pub error_pattern: String,
    /// The fix.
    pub solution_code: String,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Whether the spell's pattern was found in the diagnostic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PatternEvidence {
    /// There is no usable pattern, or the host did not try it.
    #[default]
    Untried,
    /// Tried, not found.
    Missed,
    /// Found: the text that matched.
    Hit(String),
}

/// What the host knows about a candidate before any plugin judges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// BM25 relative to the best candidate, in [0, 1].
    pub keyword: f64,
    /// Whether the spell's pattern was found.
    pub pattern: PatternEvidence,
}

/// A spell to judge, with what the host knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// The spell.
    pub spell: Spell,
    /// What the host knows.
    pub evidence: Evidence,
}

/// Why a score is what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// A short stable name, lower case with `-`, at most 32 bytes.
    pub signal: String,
    /// What it added to the score, in [-1, 1].
    pub weight: f64,
    /// One sentence or fragment, at most 256 bytes.
    pub detail: String,
}

/// The judgement on one candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Index into the given candidates; each at most once.
    pub candidate: u32,
    /// 0 to 1, finite.
    pub score: f64,
    /// Strongest first, at most 16.
    pub reasons: Vec<Reason>,
}
