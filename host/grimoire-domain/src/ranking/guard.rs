//! The rules that decide whether a spell may be shown at all, whatever a matcher's verdict.

use std::fmt;

use super::{CodeEvidence, Evidence, LanguageEvidence, PatternEvidence};
use crate::diagnostic::{Confidence, Diagnostic, Role};

/// The grounds on which a spell is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// Its pattern was found.
    Pattern,
    /// The spell has the error's own code and covers all of it.
    Code,
}

impl Grounds {
    /// The word used in responses.
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
    /// The spell is for another language or tool (named here) than the error's.
    OtherLanguage(String),
    /// The spell changes the project's own sources, and the error lies in a package, a toolchain or a program.
    OtherCode,
    /// The pattern was searched and not found.
    PatternMissed,
    /// The code is equal, but has several causes, and the pattern that distinguishes them was not found.
    BroadCode,
    /// The text matched by the pattern occurs in any failure.
    WeakPattern,
    /// The pattern was found only in the lines around the error, and the error itself is another one.
    OtherError,
    /// The spell is for a symptom that has many causes, and the error continues with a reason that the spell does not
    /// mention: the words of that reason.
    OtherReason(String),
    /// The spell is for a symptom that has many causes, and the error is a mistake of the program itself, which no
    /// general step fixes.
    OwnMistake,
    /// The error follows from another one, which is the one to mend.
    Consequence,
    /// The error is a guess, and the match is not specific enough for one.
    Guess,
    /// Only keywords support the spell.
    WordsOnly,
    /// A shown spell has a more specific match in the same place.
    LessSpecific,
    /// Too many spells match the same text.
    Alike,
    /// The matcher decided against it.
    Matcher,
    /// The matcher returned no verdict.
    LeftOut,
    /// The score is below the threshold.
    Threshold,
    /// Enough better spells are shown.
    Limit,
}

impl Withheld {
    /// The word used in responses.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::OtherLanguage(_) => "other-language",
            Self::OtherCode => "other-code",
            Self::PatternMissed => "pattern-missed",
            Self::BroadCode => "broad-code",
            Self::WeakPattern => "weak-pattern",
            Self::OtherError => "other-error",
            Self::OtherReason(_) => "other-reason",
            Self::OwnMistake => "own-mistake",
            Self::Consequence => "consequence",
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
            Self::OtherCode => {
                formatter.write_str("it changes the project's own sources, and the error is in foreign code")
            }
            Self::PatternMissed => formatter.write_str("its pattern was not found in the error"),
            Self::BroadCode => formatter.write_str(
                "its code is equal, but the code has several causes, and its pattern was not found",
            ),
            Self::WeakPattern => {
                formatter.write_str("the text that its pattern matches occurs in any failure")
            }
            Self::OtherError => formatter
                .write_str("its pattern was found in the lines around only, and the error itself is another"),
            Self::OtherReason(words) => {
                write!(
                    formatter,
                    "the error continues with a reason that the spell does not mention: {words}"
                )
            }
            Self::OwnMistake => formatter
                .write_str("the error is a mistake in the program itself, which no general step fixes"),
            Self::Consequence => {
                formatter.write_str("the error follows from another one, which is the one to mend")
            }
            Self::Guess => {
                formatter.write_str("the error is only a guess, and the match is not specific enough")
            }
            Self::WordsOnly => {
                formatter.write_str("only words speak for it: neither a pattern nor a covered code")
            }
            Self::LessSpecific => {
                formatter.write_str("the pattern of another spell names more of this error")
            }
            Self::Alike => formatter
                .write_str("too many spells match the same text, so the match is not specific to this error"),
            Self::Matcher => formatter.write_str("the matcher decided against it"),
            Self::LeftOut => formatter.write_str("the matcher did not judge it"),
            Self::Threshold => formatter.write_str("its score is below the threshold"),
            Self::Limit => formatter.write_str("enough better spells are shown"),
        }
    }
}

/// Minimum specificity of a match, in letters: a less specific one occurs in any failure.
pub(super) const MIN_SPECIFICITY: u32 = 5;
/// The minimum for an error that is only a guess.
pub(super) const MIN_SPECIFICITY_OF_A_GUESS: u32 = 12;

/// The grounds on which a spell may be shown. Keywords alone are no grounds, and nothing outweighs
/// another language or foreign sources.
pub fn grounds(diagnostic: &Diagnostic, evidence: &Evidence) -> Result<Grounds, Withheld> {
    if let LanguageEvidence::Other(languages) = &evidence.language {
        return Err(Withheld::OtherLanguage(languages.clone()));
    }
    if evidence.elsewhere {
        return Err(Withheld::OtherCode);
    }
    if evidence.own_mistake {
        return Err(Withheld::OwnMistake);
    }
    if diagnostic.role == Role::Consequence {
        return Err(Withheld::Consequence);
    }
    let guess = diagnostic.confidence == Confidence::Guess;
    let weak = match &evidence.pattern {
        PatternEvidence::Hit(hit) if guess && hit.telling < MIN_SPECIFICITY_OF_A_GUESS => Withheld::Guess,
        PatternEvidence::Hit(hit) if hit.telling < MIN_SPECIFICITY => Withheld::WeakPattern,
        PatternEvidence::Hit(hit) if !hit.in_message && is_another(diagnostic, evidence) => {
            Withheld::OtherError
        }
        PatternEvidence::Hit(_) => match &evidence.unspoken {
            Some(words) => Withheld::OtherReason(words.clone()),
            None => return Ok(Grounds::Pattern),
        },
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

/// Returns true if the lines around an error cannot count for this spell: the error has a code of its own, which is not
/// the spell's, or it is only a warning. They never count for a general spell.
fn is_another(diagnostic: &Diagnostic, evidence: &Evidence) -> bool {
    evidence.general || evidence.code == CodeEvidence::Other || diagnostic.role == Role::Warning
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
    fn another_language_and_foreign_sources_outweigh_everything() {
        let language = LanguageEvidence::Other("Rust".to_owned());
        let all =
            Evidence { keyword: 1.0, pattern: hit(50), code: CodeEvidence::Covered, ..Evidence::default() };
        assert_eq!(told(Confidence::Certain, all.clone()), Ok(Grounds::Pattern));
        assert_eq!(
            told(Confidence::Certain, Evidence { language, ..all.clone() }),
            Err(Withheld::OtherLanguage("Rust".to_owned()))
        );
        assert_eq!(told(Confidence::Certain, Evidence { elsewhere: true, ..all }), Err(Withheld::OtherCode));
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
    fn what_follows_from_another_error_gets_no_spell() {
        let follows = Diagnostic { role: Role::Consequence, ..Diagnostic::default() };
        let evidence = Evidence { pattern: hit(50), code: CodeEvidence::Covered, ..Evidence::default() };
        assert_eq!(grounds(&follows, &evidence), Err(Withheld::Consequence));
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
