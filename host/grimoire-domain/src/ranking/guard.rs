//! Which spells may be shown at all, whatever a matcher says of them.

use std::fmt;

use super::{CodeEvidence, Evidence, LanguageEvidence, PatternEvidence};
use crate::diagnostic::{Confidence, Diagnostic, Role};

/// What a spell is shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// Its pattern was found.
    Pattern,
    /// The error's own code is equal, and the spell covers all of it.
    Code,
}

impl Grounds {
    /// The word used in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pattern => "pattern",
            Self::Code => "code",
        }
    }
}

impl fmt::Display for Grounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pattern => "its pattern was found in the error",
            Self::Code => "it helps with every error of this code",
        })
    }
}

/// Why a spell is not shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withheld {
    /// It is for another language or tool than the error's: the spell's.
    OtherLanguage(String),
    /// Its pattern was tried and not found.
    PatternMissed,
    /// The code is equal, but it has several causes, and the pattern that tells them apart was not found.
    BroadCode,
    /// What its pattern found stands in any failure.
    WeakPattern,
    /// Its pattern was found in the lines around the error only, and the error itself is another one.
    OtherError,
    /// The error is a guess, and what its pattern found does not tell enough for one.
    Guess,
    /// Nothing but words speaks for it.
    WordsOnly,
    /// A spell is shown whose pattern names more of the same place.
    LessSpecific,
    /// Too many spells say the same of the same place.
    Alike,
    /// The matcher decided against it.
    Matcher,
    /// The matcher did not judge it.
    LeftOut,
    /// Its score is below the threshold.
    Threshold,
    /// Enough better ones are shown.
    Limit,
}

impl Withheld {
    /// The word used in answers.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::OtherLanguage(_) => "other-language",
            Self::PatternMissed => "pattern-missed",
            Self::BroadCode => "broad-code",
            Self::WeakPattern => "weak-pattern",
            Self::OtherError => "other-error",
            Self::Guess => "guess",
            Self::WordsOnly => "words-only",
            Self::LessSpecific => "less-specific",
            Self::Alike => "alike",
            Self::Matcher => "matcher",
            Self::LeftOut => "left-out",
            Self::Threshold => "threshold",
            Self::Limit => "limit",
        }
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherLanguage(languages) => {
                write!(formatter, "it is for another language or tool than the error's: {languages}")
            }
            Self::PatternMissed => formatter.write_str("its pattern was not found in the error"),
            Self::BroadCode => formatter.write_str(
                "its code is equal, but the code has several causes, and its pattern was not found",
            ),
            Self::WeakPattern => formatter.write_str("what its pattern found stands in any failure"),
            Self::OtherError => formatter
                .write_str("its pattern was found in the lines around only, and the error itself is another"),
            Self::Guess => formatter
                .write_str("the error is only a guess, and what the pattern found does not tell enough"),
            Self::WordsOnly => {
                formatter.write_str("only words speak for it: neither a pattern nor a covered code")
            }
            Self::LessSpecific => {
                formatter.write_str("the pattern of another spell names more of this error")
            }
            Self::Alike => formatter.write_str(
                "too many spells say the same here: what their patterns name is not this error alone",
            ),
            Self::Matcher => formatter.write_str("the matcher decided against it"),
            Self::LeftOut => formatter.write_str("the matcher did not judge it"),
            Self::Threshold => formatter.write_str("its score is below the threshold"),
            Self::Limit => formatter.write_str("enough better spells are shown"),
        }
    }
}

/// The least that a pattern's find must tell, in letters: below this it is found in any failure.
pub(super) const TELLING: u32 = 5;
/// The same for an error that is only a guess.
pub(super) const TELLING_FOR_A_GUESS: u32 = 12;

/// What a spell may be shown on. Words alone are no grounds, and nothing outweighs another language.
pub fn grounds(diagnostic: &Diagnostic, evidence: &Evidence) -> Result<Grounds, Withheld> {
    if let LanguageEvidence::Other(languages) = &evidence.language {
        return Err(Withheld::OtherLanguage(languages.clone()));
    }
    let guess = diagnostic.confidence == Confidence::Guess;
    let weak = match &evidence.pattern {
        PatternEvidence::Hit(hit) if guess && hit.telling < TELLING_FOR_A_GUESS => Withheld::Guess,
        PatternEvidence::Hit(hit) if hit.telling < TELLING => Withheld::WeakPattern,
        PatternEvidence::Hit(hit) if !hit.in_message && is_another(diagnostic, evidence) => {
            Withheld::OtherError
        }
        PatternEvidence::Hit(_) => return Ok(Grounds::Pattern),
        PatternEvidence::Missed if evidence.code == CodeEvidence::Partial => Withheld::BroadCode,
        PatternEvidence::Missed => Withheld::PatternMissed,
        PatternEvidence::Untried => Withheld::WordsOnly,
    };
    match evidence.code {
        CodeEvidence::Covered if guess => Err(Withheld::Guess),
        CodeEvidence::Covered => Ok(Grounds::Code),
        CodeEvidence::None | CodeEvidence::Other | CodeEvidence::Partial => Err(weak),
    }
}

/// Whether what surrounds an error cannot speak for it: it has a code of its own, which is not the spell's, or
/// it is only a warning.
fn is_another(diagnostic: &Diagnostic, evidence: &Evidence) -> bool {
    evidence.code == CodeEvidence::Other || diagnostic.role == Role::Warning
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ranking::PatternHit;

    fn hit(telling: u32) -> PatternEvidence {
        PatternEvidence::Hit(PatternHit { text: "x".to_owned(), telling, in_message: true, place: 0..1 })
    }

    #[allow(clippy::needless_pass_by_value, reason = "reads better in the tables below")]
    fn told(confidence: Confidence, evidence: Evidence) -> Result<Grounds, Withheld> {
        grounds(&Diagnostic { confidence, ..Diagnostic::default() }, &evidence)
    }

    #[test]
    fn evidence_shows_a_spell_and_words_never_do() {
        let certain = |evidence| told(Confidence::Certain, evidence);
        let words = Evidence { keyword: 1.0, ..Evidence::default() };
        assert_eq!(certain(words.clone()), Err(Withheld::WordsOnly));
        assert_eq!(certain(Evidence { pattern: hit(20), ..words.clone() }), Ok(Grounds::Pattern));
        assert_eq!(certain(Evidence { pattern: hit(4), ..words.clone() }), Err(Withheld::WeakPattern));
        let missed = Evidence { pattern: PatternEvidence::Missed, ..words };
        assert_eq!(certain(missed.clone()), Err(Withheld::PatternMissed));
        let partial = Evidence { code: CodeEvidence::Partial, ..missed.clone() };
        assert_eq!(certain(partial), Err(Withheld::BroadCode));
        assert_eq!(certain(Evidence { code: CodeEvidence::Covered, ..missed }), Ok(Grounds::Code));
    }

    #[test]
    fn another_language_outweighs_everything() {
        let language = LanguageEvidence::Other("Rust".to_owned());
        let all = Evidence { keyword: 1.0, pattern: hit(50), code: CodeEvidence::Covered, language };
        assert_eq!(told(Confidence::Certain, all), Err(Withheld::OtherLanguage("Rust".to_owned())));
    }

    #[test]
    fn the_lines_around_an_error_do_not_speak_for_another_one() {
        let around = PatternHit { text: "x".to_owned(), telling: 20, in_message: false, place: 0..1 };
        let around = Evidence { pattern: PatternEvidence::Hit(around), ..Evidence::default() };
        assert_eq!(told(Confidence::Certain, around.clone()), Ok(Grounds::Pattern));
        let warning = Diagnostic { role: Role::Warning, ..Diagnostic::default() };
        assert_eq!(grounds(&warning, &around), Err(Withheld::OtherError));
        let other = Evidence { code: CodeEvidence::Other, ..around };
        assert_eq!(told(Confidence::Certain, other), Err(Withheld::OtherError));
    }

    #[test]
    fn a_guess_needs_a_pattern_that_tells_much() {
        let guess = |evidence| told(Confidence::Guess, evidence);
        assert_eq!(
            guess(Evidence { code: CodeEvidence::Covered, ..Evidence::default() }),
            Err(Withheld::Guess)
        );
        assert_eq!(guess(Evidence { pattern: hit(8), ..Evidence::default() }), Err(Withheld::Guess));
        assert_eq!(guess(Evidence { pattern: hit(20), ..Evidence::default() }), Ok(Grounds::Pattern));
    }
}
