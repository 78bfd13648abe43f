//! The values of `wit/matcher/matcher.wit` as plain Rust.

use crate::{Confidence, Diagnostic, Role};

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
    /// The fix helps with every error of this code, whatever its message says.
    pub covers_code: bool,
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
    /// Found.
    Hit(PatternHit),
}

/// What a spell's pattern found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternHit {
    /// The text that matched.
    pub text: String,
    /// How many letters of it tell something: those that the pattern names itself, without words that
    /// every failure has.
    pub telling: u32,
    /// Whether it stands in the message or its code, rather than in the lines around it.
    pub in_message: bool,
}

/// Whether the spell is for the diagnostic's own code or exception type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeEvidence {
    /// One of them has none.
    #[default]
    None,
    /// It is for another one.
    Other,
    /// It is, and there are errors of the code with which it does not help.
    Partial,
    /// It is, and it covers all of the code.
    Covered,
}

/// Whether spell and diagnostic are about one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LanguageEvidence {
    /// One of them names none.
    #[default]
    Unknown,
    /// They have one in common.
    Same,
    /// They name different ones.
    Other,
}

/// What the host knows about a candidate before any plugin judges.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// BM25 relative to the best candidate, in [0, 1].
    pub keyword: f64,
    /// Whether the spell's pattern was found.
    pub pattern: PatternEvidence,
    /// Whether the spell is for the diagnostic's code.
    pub code: CodeEvidence,
    /// Whether both are about one language.
    pub language: LanguageEvidence,
}

/// Why a spell may not be shown: what the host's own guard says too, for a matcher to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// It is for another language than the error's.
    OtherLanguage,
    /// Its pattern was tried and not found.
    PatternMissed,
    /// The code is equal, but it has several causes, and the pattern that tells them apart was not found.
    BroadCode,
    /// What its pattern found stands in any failure.
    WeakPattern,
    /// Its pattern was found in the lines around the error only, and the error itself is another one.
    OtherError,
    /// The error is a guess, and what the pattern found does not tell enough for one.
    Guess,
    /// Nothing but words speaks for it.
    WordsOnly,
}

/// The least that a pattern's find must tell, in letters.
const TELLING: u32 = 5;
/// The same for an error that is only a guess.
const TELLING_FOR_A_GUESS: u32 = 12;

impl Evidence {
    /// Whether there are grounds to show the spell for this error: its pattern, or a code that it covers.
    pub fn grounds(&self, error: &Diagnostic) -> Result<(), Withheld> {
        if self.language == LanguageEvidence::Other {
            return Err(Withheld::OtherLanguage);
        }
        let guess = error.confidence == Confidence::Guess;
        let weak = match &self.pattern {
            PatternEvidence::Hit(hit) if guess && hit.telling < TELLING_FOR_A_GUESS => Withheld::Guess,
            PatternEvidence::Hit(hit) if hit.telling < TELLING => Withheld::WeakPattern,
            PatternEvidence::Hit(hit) if !hit.in_message && self.is_another(error) => Withheld::OtherError,
            PatternEvidence::Hit(_) => return Ok(()),
            PatternEvidence::Missed if self.code == CodeEvidence::Partial => Withheld::BroadCode,
            PatternEvidence::Missed => Withheld::PatternMissed,
            PatternEvidence::Untried => Withheld::WordsOnly,
        };
        match self.code {
            CodeEvidence::Covered if guess => Err(Withheld::Guess),
            CodeEvidence::Covered => Ok(()),
            CodeEvidence::None | CodeEvidence::Other | CodeEvidence::Partial => Err(weak),
        }
    }

    /// Whether what surrounds an error cannot speak for it.
    fn is_another(&self, error: &Diagnostic) -> bool {
        self.code == CodeEvidence::Other || error.role == Role::Warning
    }
}

impl Withheld {
    /// The signal under which a matcher's reasons name it.
    pub fn signal(self) -> &'static str {
        match self {
            Self::OtherLanguage => "other-language",
            Self::PatternMissed => "pattern-missed",
            Self::BroadCode => "broad-code",
            Self::WeakPattern => "weak-pattern",
            Self::OtherError => "other-error",
            Self::Guess => "guess",
            Self::WordsOnly => "words-only",
        }
    }

    /// A sentence for people.
    pub fn detail(self) -> &'static str {
        match self {
            Self::OtherLanguage => "the spell is for another language than the error's",
            Self::PatternMissed => "the spell's pattern was not found in the error",
            Self::BroadCode => "the code has several causes, and the spell's pattern was not found",
            Self::WeakPattern => "what the spell's pattern found stands in any failure",
            Self::OtherError => "the pattern was found in the lines around only, and the error is another",
            Self::Guess => "the error is a guess, and what the pattern found does not tell enough",
            Self::WordsOnly => "only words speak for the spell",
        }
    }

    /// The reason that says so. It adds nothing to a score.
    pub fn reason(self) -> Reason {
        Reason { signal: self.signal().to_owned(), weight: 0.0, detail: self.detail().to_owned() }
    }
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
    /// Whether the spell may be shown, beside being ranked. The host shows none without grounds all the
    /// same: a pattern that was found and tells something, or a code that the spell covers.
    pub shown: bool,
    /// Strongest first, at most 16.
    pub reasons: Vec<Reason>,
}
