//! Patterns that recognise an error.

mod engine;
mod literals;
mod outline;
mod specificity;

use std::sync::{Arc, OnceLock};

use memchr::memmem;

use engine::Engine;
use outline::Outline;

use crate::text::composed;
pub use specificity::{is_common_word, specificity};

/// A pattern of a spell: a regular expression in the syntax of the `regex` crate, searched anywhere
/// in the text. A text that contains the pattern verbatim matches too, so plain text such as
/// `TypeError: foo(bar)` works without escaping. With the prefix `text:` it is plain text only.
///
/// Matching takes a bounded number of steps for every pattern and text: usually less than ten milliseconds for 64 KiB, and
/// at most about 50 (`cargo xtask bench --rows pattern`).
/// A pattern that needs more steps for a text is reported as not found, deterministically. Word boundaries (`\b`)
/// are those of ASCII. Texts have to be in their composed form, to which the pattern is changed.
#[derive(Debug, Clone)]
pub struct ErrorPattern {
    literal: String,
    expression: Option<Expression>,
}

/// A regular expression that is compiled when a text first requires it: compiling takes a hundred
/// times longer than looking for the literals that every match begins and ends with.
#[derive(Debug, Clone)]
struct Expression {
    /// Every match begins with one of these literals; absent where they are unknown.
    starts: Option<Vec<Vec<u8>>>,
    /// The same for its end.
    ends: Option<Vec<Vec<u8>>>,
    /// True if no text can match, as with `[^\s\S]`.
    takes_nothing: bool,
    /// True if the expression is anchored to the start of a text or line.
    anchored: bool,
    /// `None` inside if it does not compile, which cannot happen with a checked pattern.
    compiled: OnceLock<Option<Arc<Engine>>>,
}

/// Why a pattern is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Only white space.
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
    /// Matches texts that have nothing in common.
    #[error("matches everything: it is found {0}; make it name something of the error")]
    MatchesEverything(&'static str),
}

impl ErrorPattern {
    /// Maximum length of a pattern in bytes.
    pub const MAXIMUM_LENGTH: usize = 4_096;
    /// Maximum number of literals of a pattern that lines of a log are searched for.
    pub const MAXIMUM_ALTERNATIVES: usize = literals::ALTERNATIVES;
    /// Minimum specificity, in letters, of a literal of a pattern for lines that no analyzer read to be searched for it.
    pub const DISTINCT: u32 = literals::DISTINCT;
    /// Maximum size of a compiled pattern in bytes.
    pub const MAXIMUM_COMPILED_SIZE: usize = 1 << 20;
    /// The prefix of plain-text patterns.
    pub const TEXT_PREFIX: &'static str = "text:";

    /// Checks a pattern and rejects one that is invalid, too large, or matches everything. Compiles
    /// it only where its outline is not enough to decide.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let source = &*composed(source);
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
        let outline = Outline::parse(source).map_err(PatternError::Syntax)?;
        let mut expression = Expression::of(&outline);
        let told = outline.takes_text() && outline.compiled_size_bound() <= Self::MAXIMUM_COMPILED_SIZE;
        let starts = expression.starts.as_deref();
        if told && starts.is_some_and(|starts| !says_nothing(|text| has_any(text, starts))) {
            return Ok(Self { literal: source.to_owned(), expression: Some(expression) });
        }
        let engine = outline
            .compile(Self::MAXIMUM_COMPILED_SIZE)
            .map_err(|_| PatternError::TooLarge { limit: Self::MAXIMUM_COMPILED_SIZE })?;
        if engine.is_match("") {
            return Err(PatternError::MatchesEverything("in the empty text"));
        }
        if says_nothing(|text| engine.is_match(text)) {
            return Err(PatternError::MatchesEverything("in texts that have nothing in common"));
        }
        expression.compiled = OnceLock::from(Some(Arc::new(engine)));
        Ok(Self { literal: source.to_owned(), expression: Some(expression) })
    }

    /// Builds a pattern that was checked when it was stored; it is compiled only when a text requires it.
    pub fn from_store(source: &str) -> Self {
        let source = &*composed(source);
        if let Some(literal) = source.strip_prefix(Self::TEXT_PREFIX) {
            return Self { literal: literal.trim().to_owned(), expression: None };
        }
        // What no longer compiles is still a text.
        let expression = Outline::of(source).as_ref().map(Expression::of);
        Self { literal: source.to_owned(), expression }
    }

    /// The first match of the pattern in `text`.
    pub fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let by_expression =
            self.expression.as_ref().and_then(|expression| expression.find(&self.literal, text));
        by_expression.or_else(|| {
            // Preparing a search costs more than searching most texts.
            let start = (text.len() >= self.literal.len())
                .then(|| memmem::find(text.as_bytes(), self.literal.as_bytes()))??;
            text.get(start..start + self.literal.len())
        })
    }
}

impl ErrorPattern {
    /// Literals in lower case, at least one of which occurs, in any case, in every matching text;
    /// `None` where they are unknown. Searching for them first is cheaper than trying the pattern.
    pub fn needles(&self) -> Option<Vec<Vec<u8>>> {
        let verbatim = self.literal.to_ascii_lowercase().into_bytes();
        if self.expression.is_none() {
            return Some(vec![verbatim]);
        }
        let Some(outline) = Outline::of(&self.literal) else { return Some(vec![verbatim]) };
        let mut needles = outline.needles()?;
        // A text that contains the expression verbatim matches too.
        if !needles.iter().any(|needle| memmem::find(&verbatim, needle).is_some()) {
            needles.push(verbatim);
        }
        Some(needles)
    }

    /// Returns true if the pattern has more than [`Self::MAXIMUM_ALTERNATIVES`] texts one of which every match contains:
    /// lines of a log are then not searched for any of them.
    pub fn has_too_many_alternatives(&self) -> bool {
        let outline = self.expression.as_ref().and_then(|_| Outline::of(&self.literal));
        outline.is_some_and(|outline| outline.has_too_many_alternatives())
    }

    /// A literal that every matching text contains, beside one of the needles; `None` where there is none that tells much.
    /// To look for it is a hundred times cheaper than to compile the pattern.
    pub fn end(&self) -> Option<&[u8]> {
        let [end] = self.expression.as_ref()?.ends.as_deref()? else { return None };
        // A text that contains the expression verbatim matches too.
        let is_needed = end.len() >= SHORTEST_END && memmem::find(self.literal.as_bytes(), end).is_some();
        is_needed.then_some(end)
    }

    /// Finds the pattern in the text of an error. The first `prefix` bytes are not part of the tool's output,
    /// so for an anchored pattern the text after them begins a line.
    pub fn find_in_error<'t>(&self, text: &'t str, prefix: usize) -> Option<&'t str> {
        let anchored = self.expression.as_ref().is_some_and(|expression| expression.anchored);
        self.find(text).or_else(|| text.get(prefix..).filter(|_| anchored).and_then(|rest| self.find(rest)))
    }

    /// Returns true if some text can match; none can match `[^\s\S]`.
    pub fn is_usable(&self) -> bool {
        self.expression.as_ref().is_none_or(|expression| !expression.takes_nothing)
    }

    /// How specific a match is: the number of letters that the pattern itself names, as counted by
    /// [`specificity`]. Text matched by a wildcard (`.+`) does not count.
    pub fn specificity(&self, found: &str) -> u32 {
        if self.expression.is_none() || found == self.literal {
            return specificity(found);
        }
        Outline::of(&self.literal).map_or(0, |outline| outline.named(found))
    }
}

impl Expression {
    fn of(outline: &Outline) -> Self {
        Self {
            starts: outline.starts(),
            ends: outline.ends(),
            takes_nothing: outline.takes_nothing(),
            anchored: outline.asks_for_a_start(),
            compiled: OnceLock::new(),
        }
    }

    fn find<'t>(&self, source: &str, text: &'t str) -> Option<&'t str> {
        let has_one_of = |literals: &Option<Vec<Vec<u8>>>| {
            literals.as_ref().is_none_or(|literals| has_any(text, literals))
        };
        if !has_one_of(&self.starts) || !has_one_of(&self.ends) {
            return None;
        }
        let compile =
            || Some(Arc::new(Outline::of(source)?.compile(ErrorPattern::MAXIMUM_COMPILED_SIZE).ok()?));
        self.compiled.get_or_init(compile).as_ref()?.find(text)
    }
}

/// Returns true if `text` contains one of the literals.
fn has_any(text: &str, literals: &[Vec<u8>]) -> bool {
    literals.iter().any(|literal| memmem::find(text.as_bytes(), literal).is_some())
}

/// Returns true if a pattern that is found in the texts accepted by `found` says nothing about an error.
fn says_nothing(found: impl Fn(&str) -> bool) -> bool {
    NEUTRAL.into_iter().filter(|text| found(text)).count() > 1
}

/// Length in bytes from which the end of an expression is looked for: most texts contain shorter ones.
const SHORTEST_END: usize = 4;

/// Texts that have nothing in common: a pattern found in more than one of them says nothing about an
/// error.
const NEUTRAL: [&str; 5] = ["Lorem ipsum dolor", "QUX_ZAP", "x 1", "42 = 7", "the (quick) fox: a-b/c.d"];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

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
        for source in [
            "", "  ", ".*", "x*", ".", r"\w", r"\S+", "[^q]", "(?s).+", "a?|b?", "[a-z]", "[^~]", "[A-Z]+",
            r"\d",
        ] {
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
            r"\Bx+\w*|a{2,4}?",
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
            r"\Bx+\w*|a{2,4}?",
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

    #[test]
    fn a_search_that_needs_too_many_states_is_given_up() {
        // To know whether a letter is the fifteenth before the end, an automaton has to remember every combination.
        let pattern = ErrorPattern::parse("quux [ab]*a[ab]{14}c").expect("small enough");
        assert!(pattern.find(&format!("quux {}bc", "ab".repeat(20))).is_some());
        let mut state = 1_u32;
        let noise: String = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 31 == 0 { 'a' } else { 'b' }
        })
        .take(64 << 10)
        .collect();
        assert_eq!(pattern.find(&format!("quux {noise}a{}c", "b".repeat(14))), None);
    }

    proptest! {
        /// The outline and the compiled pattern lead to the same judgement.
        #[test]
        fn a_pattern_is_judged_by_its_outline_as_when_compiled(source in r"[ab( .\[\]|*+?wé\\^1)]{1,8}") {
            let compiled = Regex::new(&source).ok();
            let says_something = compiled.as_ref().is_some_and(|regex| {
                !regex.is_match("") && !says_nothing(|text| regex.is_match(text))
            });
            let accepted = !source.trim().is_empty() && says_something;
            prop_assert_eq!(ErrorPattern::parse(&source).is_ok(), accepted, "{}", source);
        }
    }
}
