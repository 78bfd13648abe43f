//! Text to tokens, aware of identifiers and codes.
//!
//! A compound such as `std::collections::HashMap`, `os.path.join`, `unused_imports`, `no-unused-vars`
//! or `E0382` gives its whole, its segments between `::`, `.` and `/`, and the words of each segment,
//! split at `_`, `-` and where `camelCase` turns. Everything is lower-cased; `-` counts as `_`, so
//! that rule names meet over spelling. Words are stemmed by the English rules, which leave codes
//! and compounds with a digit at their end as they are.

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};

/// The name under which the index knows the analyzer.
pub(crate) const NAME: &str = "grimoire";
/// Tokens above this many bytes are left out: they are hashes, encoded data and the like.
const LONGEST: usize = 64;

/// The analyzer of all texts and of all queries.
pub(crate) fn analyzer() -> TextAnalyzer {
    let stemmer = Stemmer::new(Algorithm::English);
    TextAnalyzer::builder(CompoundTokenizer { stemmer, token: Token::default() }).build()
}

/// The tokens of a text, in order, with repetitions.
pub(crate) fn tokens(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    analyzer.token_stream(text).process(&mut |token| found.push(token.text.clone()));
    found
}

/// The compounds of a text without their parts: what a code or an error type is known by.
pub(crate) fn wholes(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    // The whole comes first among the tokens of a compound, unless it is too long.
    let short = compounds(text).filter(|compound| fits(&normal(compound)));
    short.filter_map(|compound| tokens(analyzer, compound).into_iter().next()).collect()
}

/// Splits a text into the stems of its compounds and their parts.
#[derive(Clone)]
struct CompoundTokenizer {
    stemmer: Stemmer,
    token: Token,
}

impl Tokenizer for CompoundTokenizer {
    type TokenStream<'t> = CompoundTokens<'t>;

    fn token_stream<'t>(&'t mut self, text: &'t str) -> CompoundTokens<'t> {
        self.token.reset();
        let stemmer = self.stemmer;
        let tokens = compounds(text).flat_map(split_compound);
        let tokens = Box::new(tokens.map(move |token| stemmer.stem(&token).into_owned()));
        CompoundTokens { tokens, token: &mut self.token }
    }
}

struct CompoundTokens<'t> {
    tokens: Box<dyn Iterator<Item = String> + 't>,
    token: &'t mut Token,
}

impl TokenStream for CompoundTokens<'_> {
    fn advance(&mut self) -> bool {
        let Some(text) = self.tokens.next() else { return false };
        self.token.text = text;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

/// The last word as typed so far, lower-cased and not stemmed; `None` where the text ends with
/// something else or with a word too short to say anything.
pub(crate) fn unfinished_word(text: &str) -> Option<String> {
    let start = text
        .rfind(|character: char| !character.is_alphanumeric())
        .map_or(0, |index| index + text[index..].chars().next().map_or(1, char::len_utf8));
    let word = text[start..].to_lowercase();
    (word.chars().count() >= 3 && fits(&word)).then_some(word)
}

/// The runs of letters and digits, with single joiners between them.
fn compounds(text: &str) -> impl Iterator<Item = &str> {
    let runs = text.split(|character: char| !character.is_alphanumeric() && !is_joiner(character));
    // Two joiners in a row are punctuation, except `::` and what separates words in names.
    let parts = runs.flat_map(|run| run.split("..")).flat_map(|run| run.split("--"));
    let parts = parts.flat_map(|run| run.split("//")).map(|part| part.trim_matches(is_joiner));
    parts.filter(|part| !part.is_empty())
}

fn is_joiner(character: char) -> bool {
    matches!(character, '_' | '-' | '.' | '/' | ':' | '@')
}

fn joins_words(character: char) -> bool {
    matches!(character, '_' | '-')
}

/// A compound, its segments and their words, as far as they say something.
fn split_compound(compound: &str) -> Vec<String> {
    let segments: Vec<&str> = compound
        .split(|character| is_joiner(character) && !joins_words(character))
        .map(|segment| segment.trim_matches(joins_words))
        .filter(|segment| !segment.is_empty())
        .collect();
    let mut found = Vec::new();
    if segments.len() > 1 {
        found.push(normal(compound));
    }
    for segment in segments {
        let whole = normal(segment);
        let words: Vec<String> = segment.split(joins_words).flat_map(split_words).collect();
        // A segment of one word is not repeated.
        let is_one_word = words == [whole.as_str()];
        found.push(whole);
        if !is_one_word {
            found.extend(words);
        }
    }
    found.retain(|token| is_telling(token) && fits(token));
    found
}

/// The words of `camelCase` and `HTTPServer`, in lower case; ideographs stand alone, for they know no spaces.
fn split_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut previous: Option<char> = None;
    let mut characters = name.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ideograph = is_ideograph(character);
        let before_lower = characters.peek().is_some_and(|(_, next)| next.is_lowercase());
        let turns = previous.is_some_and(|previous| {
            is_ideograph(previous)
                || ideograph
                || (character.is_uppercase() && (previous.is_lowercase() || before_lower))
        });
        if turns {
            words.push(name[start..at].to_lowercase());
            start = at;
        }
        previous = Some(character);
    }
    words.push(name[start..].to_lowercase());
    words
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Lower case, `_` for `-`.
fn normal(text: &str) -> String {
    text.to_lowercase().replace('-', "_")
}

/// Whether a token says something: single ASCII letters and numbers of one or two digits do not.
fn is_telling(token: &str) -> bool {
    let least = if token.bytes().all(|byte| byte.is_ascii_digit()) { 3 } else { 2 };
    token.len() >= least
}

fn fits(token: &str) -> bool {
    token.len() <= LONGEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        tokens(&mut analyzer(), text)
    }

    #[test]
    fn compounds_give_their_whole_and_their_parts() {
        for (text, expected) in [
            ("error[E0382]: use", &["error", "e0382", "use"][..]),
            ("TS2304", &["ts2304"]),
            ("unusedVariable", &["unusedvari", "unus", "variabl"]),
            ("HTTPServer2Go", &["httpserver2go", "http", "server2", "go"]),
            ("no-unused-vars", &["no_unused_var", "no", "unus", "var"]),
            ("std::io", &["std::io", "std", "io"]),
            ("os.path", &["os.path", "os", "path"]),
            ("@scope/my-rule", &["scope/my_rul", "scope", "my_rul", "my", "rule"]),
            ("exit code 137, 3 of 12", &["exit", "code", "137", "of"]),
            ("end. --flag x ... `y`", &["end", "flag"]),
            ("数据 é", &["数据", "数", "据", "é"]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn any_text_has_tokens_or_none_and_long_ones_are_left_out() {
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(":: -- .. @@ __ / \u{0}\u{202E}"), [""; 0]);
        assert_eq!(split(&"a".repeat(65)), [""; 0]);
        assert_eq!(split(&format!("{}-b1", "a".repeat(64))), ["a".repeat(64), "b1".to_owned()]);
    }

    #[test]
    fn wholes_are_the_first_token_of_each_compound() {
        let wholes = |text| wholes(&mut analyzer(), text);
        assert_eq!(wholes("clippy::needless_return"), ["clippy::needless_return"]);
        assert_eq!(wholes("TypeError E0382"), ["typeerror", "e0382"]);
        assert_eq!(wholes(""), [""; 0]);
    }

    #[test]
    fn the_unfinished_word_is_the_last_one_typed() {
        assert_eq!(unfinished_word("use of Mov").as_deref(), Some("mov"));
        assert_eq!(unfinished_word("héll").as_deref(), Some("héll"));
        for text in ["", "moved ", "use of mo", "moved.", "a-b"] {
            assert_eq!(unfinished_word(text), None, "{text}");
        }
    }
}
