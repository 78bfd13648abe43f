//! Patterns that recognise an error.

mod literals;
mod outline;
mod telling;

use std::sync::OnceLock;

use memchr::memmem;
use regex::{Regex, RegexBuilder};

use outline::Outline;
pub use telling::telling;

/// A pattern of a spell: a regular expression in the syntax of the `regex` crate, searched anywhere
/// in the text. A text that holds the pattern verbatim matches too, so plain text such as
/// `TypeError: foo(bar)` works without escaping. With the prefix `text:` it is plain text only.
///
/// Matching takes time linear in the text, whatever the pattern.
#[derive(Debug, Clone)]
pub struct ErrorPattern {
    literal: String,
    expression: Option<Expression>,
}

/// A regular expression that is compiled when a text first makes it necessary: compiling takes a
/// hundred times longer than looking for the literals that every match begins with.
#[derive(Debug, Clone)]
struct Expression {
    /// Every match begins with one of these; absent where that cannot be told.
    starts: Option<Vec<Vec<u8>>>,
    /// No text matches, as with `[^\s\S]`.
    takes_nothing: bool,
    /// It asks for the start of a text or line.
    anchored: bool,
    /// Absent inside where it does not compile, which a checked pattern always does.
    compiled: OnceLock<Option<Regex>>,
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

    /// Checks a pattern and refuses one that is invalid, too large, or found in everything. Compiles
    /// it only where its outline does not tell.
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
                _ => Ok(Self { literal: literal.to_owned(), expression: None }),
            };
        }
        let outline = Outline::of(source);
        let starts = outline.as_ref().and_then(Outline::starts);
        let takes_nothing = outline.as_ref().is_some_and(Outline::takes_nothing);
        let anchored = outline.as_ref().is_some_and(Outline::asks_for_a_start);
        let told = outline.is_some_and(|outline| {
            outline.takes_text() && outline.compiled_size_bound() <= Self::MAXIMUM_COMPILED_SIZE
        });
        if told && starts.as_deref().is_some_and(|starts| NEUTRAL.iter().any(|text| !has_any(text, starts))) {
            let expression = Expression { starts, takes_nothing, anchored, compiled: OnceLock::new() };
            return Ok(Self { literal: source.to_owned(), expression: Some(expression) });
        }
        let regex = compile(source).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => PatternError::TooLarge { limit: Self::MAXIMUM_COMPILED_SIZE },
            other => PatternError::Syntax(last_line(&other.to_string())),
        })?;
        if regex.is_match("") {
            return Err(PatternError::MatchesEverything("in the empty text"));
        }
        if NEUTRAL.iter().all(|text| regex.is_match(text)) {
            return Err(PatternError::MatchesEverything("in texts that have nothing in common"));
        }
        let expression =
            Expression { starts, takes_nothing, anchored, compiled: OnceLock::from(Some(regex)) };
        Ok(Self { literal: source.to_owned(), expression: Some(expression) })
    }

    /// A pattern that was checked when it was stored: compiled only when a text makes it necessary.
    pub fn from_store(source: &str) -> Self {
        if let Some(literal) = source.strip_prefix(Self::TEXT_PREFIX) {
            return Self { literal: literal.trim().to_owned(), expression: None };
        }
        let outline = Outline::of(source);
        let starts = outline.as_ref().and_then(Outline::starts);
        let takes_nothing = outline.as_ref().is_some_and(Outline::takes_nothing);
        let anchored = outline.is_some_and(|outline| outline.asks_for_a_start());
        let expression = Expression { starts, takes_nothing, anchored, compiled: OnceLock::new() };
        Self { literal: source.to_owned(), expression: Some(expression) }
    }

    /// The first place in `text` where the pattern is found, as the text found.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let by_expression =
            self.expression.as_ref().and_then(|expression| expression.find(&self.literal, text));
        by_expression.or_else(|| {
            // Preparing a search costs more than most texts are long.
            let start = (text.len() >= self.literal.len())
                .then(|| memmem::find(text.as_bytes(), self.literal.as_bytes()))??;
            text.get(start..start + self.literal.len())
        })
    }
}

impl ErrorPattern {
    /// Texts in lower case of which every text where the pattern is found has at least one, in whatever
    /// case; absent where that cannot be told. Looking for them first saves trying the pattern.
    pub fn needles(&self) -> Option<Vec<Vec<u8>>> {
        let verbatim = self.literal.to_ascii_lowercase().into_bytes();
        if self.expression.is_none() {
            return Some(vec![verbatim]);
        }
        let Some(outline) = Outline::of(&self.literal) else { return Some(vec![verbatim]) };
        let mut needles = outline.needles()?;
        // A text that holds the expression verbatim matches too.
        if !needles.iter().any(|needle| memmem::find(&verbatim, needle).is_some()) {
            needles.push(verbatim);
        }
        Some(needles)
    }

    /// Finds the pattern in the text of an error, of which the first `prefix` bytes are not as the tool printed
    /// them: where it asks for the start of a line, what follows them is one.
    pub fn find_in_error<'t>(&self, text: &'t str, prefix: usize) -> Option<&'t str> {
        let anchored = self.expression.as_ref().is_some_and(|expression| expression.anchored);
        self.find(text).or_else(|| text.get(prefix..).filter(|_| anchored).and_then(|rest| self.find(rest)))
    }

    /// Whether the pattern is found in some text: one that is not (`[^\s\S]`) says that there is none.
    pub fn is_usable(&self) -> bool {
        self.expression.as_ref().is_none_or(|expression| !expression.takes_nothing)
    }

    /// How much a text where the pattern was found tells: the letters that the pattern names itself, as
    /// [`telling`] counts them. What it takes whatever it is (`.+`) tells nothing.
    pub fn telling(&self, found: &str) -> u32 {
        if self.expression.is_none() || found == self.literal {
            return telling(found);
        }
        Outline::of(&self.literal).map_or(0, |outline| outline.named(found))
    }
}

impl Expression {
    fn find<'t>(&self, source: &str, text: &'t str) -> Option<&'t str> {
        let can_begin = self.starts.as_ref().is_none_or(|starts| has_any(text, starts));
        if !can_begin {
            return None;
        }
        let regex = self.compiled.get_or_init(|| compile(source).ok()).as_ref()?;
        regex.find(text).map(|found| found.as_str())
    }
}

fn compile(source: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(source)
        .size_limit(ErrorPattern::MAXIMUM_COMPILED_SIZE)
        .dfa_size_limit(ErrorPattern::MAXIMUM_COMPILED_SIZE)
        .nest_limit(NEST_LIMIT)
        .build()
}

/// Whether one of these stands somewhere in a text.
fn has_any(text: &str, literals: &[Vec<u8>]) -> bool {
    literals.iter().any(|literal| memmem::find(text.as_bytes(), literal).is_some())
}

/// How deep groups may be nested.
const NEST_LIMIT: u32 = 100;

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
    use proptest::prelude::*;

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
    fn a_stored_pattern_finds_what_the_checked_one_finds() {
        let patterns = [
            "borrow of moved value",
            r"use of (?:partially )?moved value: `\w+`",
            r"(?i)cannot find .+ in scope",
            r"(?m)^E\d{4}",
            r"\bTS\d+: ",
            "text:unexpected (",
            r"[Ee]rror: .*quux|flurble$",
            r"(?s)a.*b",
        ];
        let texts = [
            "",
            "borrow of moved value",
            "use of moved value: `x`",
            "use of partially moved value: `y`",
            "CANNOT FIND f in scope",
            "x\nE0382 y",
            "xE0382",
            "a TS2304: b",
            "1TS2304: b",
            "unexpected (",
            "Error: the quux",
            "a flurble",
            "flurble b",
            "a\nb",
            r"(?s)a.*b",
        ];
        for source in patterns {
            let checked = ErrorPattern::parse(source).expect(source);
            let stored = ErrorPattern::from_store(source);
            for text in texts {
                assert_eq!(stored.find(text), checked.find(text), "{source} in {text:?}");
                let regex = source.strip_prefix("text:").is_none().then(|| Regex::new(source).expect(source));
                let direct = regex.and_then(|regex| regex.find(text).map(|found| found.as_str().to_owned()));
                if let Some(direct) = direct {
                    assert_eq!(checked.find(text), Some(direct.as_str()), "{source} in {text:?}");
                }
            }
        }
        assert!(ErrorPattern::from_store("(").find("(").is_some(), "what no longer compiles is still a text");
    }

    #[test]
    fn invalid_and_oversized_patterns_are_refused_with_the_reason() {
        let error = ErrorPattern::parse("foo(").expect_err("unbalanced").to_string();
        assert!(error.contains("unclosed group") && error.contains("text:"), "{error}");
        assert!(matches!(ErrorPattern::parse(r"(?:\w{500}){500}"), Err(PatternError::TooLarge { .. })));
        assert!(matches!(ErrorPattern::parse(&"a".repeat(5_000)), Err(PatternError::TooLong { .. })));
        assert!(matches!(ErrorPattern::parse(r"(a)\1"), Err(PatternError::Syntax(_))));
    }

    proptest! {
        /// The same judgement as that of a compiled pattern, whichever way it was made.
        #[test]
        fn a_pattern_is_judged_by_its_outline_as_when_compiled(source in r"[ab( .\[\]|*+?wé\\^1)]{1,8}") {
            let compiled = compile(&source).ok();
            let says_something = compiled.as_ref().is_some_and(|regex| {
                !regex.is_match("") && !NEUTRAL.iter().all(|text| regex.is_match(text))
            });
            let accepted = !source.trim().is_empty() && says_something;
            prop_assert_eq!(ErrorPattern::parse(&source).is_ok(), accepted, "{}", source);
        }
    }
}
