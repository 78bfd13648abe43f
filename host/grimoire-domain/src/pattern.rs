//! Patterns that recognise an error.

use regex::{Regex, RegexBuilder};

/// A pattern of a spell: a regular expression in the syntax of the `regex` crate, searched anywhere
/// in the text. A text that holds the pattern verbatim matches too, so plain text such as
/// `TypeError: foo(bar)` works without escaping. With the prefix `text:` it is plain text only.
///
/// Matching takes time linear in the text, whatever the pattern.
#[derive(Debug, Clone)]
pub struct ErrorPattern {
    regex: Option<Regex>,
    literal: String,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing but white space.
    #[error("must not be empty")]
    Empty,
    /// Longer than [`ErrorPattern::MAXIMUM_LENGTH`].
    #[error("must have at most {limit} bytes, has {length}")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
        /// The length in bytes.
        length: usize,
    },
    /// Not a regular expression.
    #[error("is not a valid regular expression: {0}; to search it as plain text, start it with `text:`")]
    Syntax(String),
    /// Its compiled form is above [`ErrorPattern::MAXIMUM_COMPILED_SIZE`].
    #[error(
        "is too large when compiled (more than {limit} bytes); use fewer or smaller repetitions and classes"
    )]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// Found in texts that have nothing in common.
    #[error("matches everything: it is found {0}; make it name something of the error")]
    MatchesEverything(&'static str),
}

impl ErrorPattern {
    /// The most bytes of a pattern.
    pub const MAXIMUM_LENGTH: usize = 4_096;
    /// The most bytes of a compiled pattern.
    pub const MAXIMUM_COMPILED_SIZE: usize = 1 << 20;
    /// Marks a pattern as plain text.
    pub const TEXT_PREFIX: &'static str = "text:";

    /// Compiles a pattern and refuses one that is invalid, too large, or found in everything.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        if source.trim().is_empty() {
            return Err(PatternError::Empty);
        }
        if source.len() > Self::MAXIMUM_LENGTH {
            return Err(PatternError::TooLong { limit: Self::MAXIMUM_LENGTH, length: source.len() });
        }
        if let Some(literal) = source.strip_prefix(Self::TEXT_PREFIX) {
            let literal = literal.trim();
            return match literal.chars().count() {
                0 => Err(PatternError::Empty),
                1 | 2 => Err(PatternError::MatchesEverything("in nearly every text that has its characters")),
                _ => Ok(Self { regex: None, literal: literal.to_owned() }),
            };
        }
        let regex = RegexBuilder::new(source)
            .size_limit(Self::MAXIMUM_COMPILED_SIZE)
            .dfa_size_limit(Self::MAXIMUM_COMPILED_SIZE)
            .nest_limit(100)
            .build()
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => {
                    PatternError::TooLarge { limit: Self::MAXIMUM_COMPILED_SIZE }
                }
                other => PatternError::Syntax(last_line(&other.to_string())),
            })?;
        if regex.is_match("") {
            return Err(PatternError::MatchesEverything("in the empty text"));
        }
        if NEUTRAL.iter().all(|text| regex.is_match(text)) {
            return Err(PatternError::MatchesEverything("in texts that have nothing in common"));
        }
        Ok(Self { regex: Some(regex), literal: source.to_owned() })
    }

    /// The first place in `text` where the pattern is found, as the text found.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let by_regex = self.regex.as_ref().and_then(|regex| regex.find(text)).map(|found| found.as_str());
        by_regex.or_else(|| text.find(&self.literal).map(|start| &text[start..start + self.literal.len()]))
    }
}

/// Texts without anything in common but that they are texts: a pattern that is found in all of
/// them says nothing about an error.
const NEUTRAL: [&str; 5] = ["lorem ipsum dolor", "QUX_ZAP", "x 1", "42 = 7", "the (quick) fox: a-b/c.d"];

/// The regex crate draws the pattern with a caret over several lines; the last one says what is wrong.
fn last_line(message: &str) -> String {
    let line = message.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or(message).trim();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_is_found_anywhere() {
        let pattern = ErrorPattern::parse(r"use of moved value: `\w+`").expect("valid");
        assert_eq!(
            pattern.find("error: use of moved value: `names` here"),
            Some("use of moved value: `names`")
        );
        assert_eq!(pattern.find("borrow of moved value"), None);
    }

    #[test]
    fn plain_text_needs_no_escaping() {
        let pattern = ErrorPattern::parse("foo(bar) is not a function").expect("valid");
        assert_eq!(pattern.find("TypeError: foo(bar) is not a function"), Some("foo(bar) is not a function"));
        let unbalanced = ErrorPattern::parse("text:unexpected token (").expect("valid");
        assert!(unbalanced.find("unexpected token ( at 3").is_some());
    }

    #[test]
    fn patterns_that_say_nothing_are_refused_with_the_reason() {
        for source in ["", "  ", ".*", "x*", ".", r"\w", r"\S+", "[^q]", "(?s).+", "a?|b?"] {
            let error = ErrorPattern::parse(source).expect_err(source);
            assert!(
                matches!(error, PatternError::Empty | PatternError::MatchesEverything(_)),
                "{source}: {error}"
            );
        }
    }

    #[test]
    fn invalid_and_oversized_patterns_are_refused_with_the_reason() {
        let error = ErrorPattern::parse("foo(").expect_err("unbalanced").to_string();
        assert!(error.contains("unclosed group") && error.contains("text:"), "{error}");
        assert!(matches!(ErrorPattern::parse(r"(?:\w{500}){500}"), Err(PatternError::TooLarge { .. })));
        assert!(matches!(ErrorPattern::parse(&"a".repeat(5_000)), Err(PatternError::TooLong { .. })));
        assert!(matches!(ErrorPattern::parse(r"(a)\1"), Err(PatternError::Syntax(_))));
    }
}
