//! The values of `wit/matcher/matcher.wit` as plain Rust.

use crate::{Confidence, Diagnostic, Facts, Role};

/// A stored fix with the fields that ranking needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spell {
    /// The id in the spellbook.
    pub id: u64,
    /// The title.
    pub title: String,
    /// The cause of the error and how to recognise it.
    pub description: String,
    /// The kind of error that it is for, in the sense of [`crate::Diagnostic::error_type`].
    pub error_type: String,
    /// The regular expression or text that recognises the error; the host has searched it.
    pub error_pattern: String,
    /// True if the fix helps with every error of this code, whatever its message.
    pub covers_code: bool,
    /// The fix.
    pub solution_code: String,
    /// The tags.
    pub tags: Vec<String>,
    /// What else the spellbook knows of it: names and values that `wit/README.md` lists.
    pub facts: Facts,
}

/// A spell as a matcher that prepares gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is written.
    Written(Spell),
    /// What the same matcher prepared of it.
    Prepared(Vec<u8>),
}

impl Default for Form {
    fn default() -> Self {
        Self::Written(Spell::default())
    }
}

/// The result of searching the spell's pattern in the diagnostic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PatternEvidence {
    /// The spell has no usable pattern, or the host did not search it.
    #[default]
    Untried,
    /// Searched, not found.
    Missed,
    /// Found.
    Hit(PatternHit),
}

/// A match of a spell's pattern.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatternHit {
    /// The matched text.
    pub text: String,
    /// The number of letters of the match that are specific: those that the pattern names itself,
    /// without words that occur in every failure.
    pub telling: u32,
    /// True if the match is in the message or its code rather than in the lines around it.
    pub in_message: bool,
}

/// How the spell's error type relates to the diagnostic's own code or exception type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CodeEvidence {
    /// One of them has no code.
    #[default]
    None,
    /// The spell is for another code.
    Other,
    /// The spell is for this code, but does not help with all of its errors.
    Partial,
    /// The spell is for this code and covers all of its errors.
    Covered,
}

/// How the languages of spell and diagnostic relate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LanguageEvidence {
    /// One of them names no language.
    #[default]
    Unknown,
    /// They have a language in common.
    Same,
    /// They name different languages.
    Other,
}

/// The host's evidence about a candidate, collected before any plugin judges it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// BM25 score relative to the best candidate, in [0, 1].
    pub keyword: f64,
    /// The result of searching the spell's pattern.
    pub pattern: PatternEvidence,
    /// How the spell's error type relates to the diagnostic's code.
    pub code: CodeEvidence,
    /// How the languages relate.
    pub language: LanguageEvidence,
    /// What else the host has found out, and how the spell has fared: names and values that `wit/README.md` lists.
    pub facts: Facts,
}

/// Why a spell may not be shown, by the same rules as the host's own guard, for a matcher to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// The spell is for another language than the error's.
    OtherLanguage,
    /// The pattern was searched and not found.
    PatternMissed,
    /// The code is equal, but has several causes, and the pattern that distinguishes them was not found.
    BroadCode,
    /// The text matched by the pattern occurs in any failure.
    WeakPattern,
    /// The pattern was found only in the lines around the error, and the error itself is another one.
    OtherError,
    /// The error is a guess, and the match is not specific enough for one.
    Guess,
    /// Only keywords support the spell.
    WordsOnly,
}

/// Minimum specificity of a match, in letters.
const TELLING: u32 = 5;
/// The minimum for an error that is only a guess.
const TELLING_FOR_A_GUESS: u32 = 12;

impl Evidence {
    /// Succeeds if there are grounds to show the spell for this error: its pattern, or a code that it covers.
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

    /// Returns true if the lines around an error are no evidence.
    fn is_another(&self, error: &Diagnostic) -> bool {
        self.code == CodeEvidence::Other || error.role == Role::Warning
    }
}

impl Withheld {
    /// The signal of this reason in a matcher's verdict.
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

    /// A sentence for display.
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

    /// The reason for a verdict. It adds nothing to the score.
    pub fn reason(self) -> Reason {
        Reason { signal: self.signal().to_owned(), weight: 0.0, detail: self.detail().to_owned() }
    }
}

/// A spell to judge, with the host's evidence. Matchers that prepare get each spell as a [`Form`], others as it is
/// written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate<S = Spell> {
    /// The spell.
    pub spell: S,
    /// The host's evidence.
    pub evidence: Evidence,
}

/// One reason for a score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reason {
    /// A short stable name, lower case with `-`, at most 32 bytes.
    pub signal: String,
    /// Its contribution to the score, in [-1, 1].
    pub weight: f64,
    /// One sentence or fragment, at most 256 bytes.
    pub detail: String,
}

/// The judgement on one candidate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// Index into the given candidates; each at most once.
    pub candidate: u32,
    /// The score, 0 to 1, finite.
    pub score: f64,
    /// True if the spell may be shown in addition to being ranked. The host shows no spell without
    /// grounds even then: a specific match of its pattern, or a code that the spell covers.
    pub shown: bool,
    /// Reasons, strongest first, at most 16.
    pub reasons: Vec<Reason>,
}
