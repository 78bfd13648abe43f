//! Text to tokens, aware of identifiers and codes.
//!
//! A compound such as `std::collections::HashMap`, `os.path.join`, `unused_imports`, `no-unused-vars`
//! or `E0382` gives its whole, its segments between `::`, `.` and `/`, and the words of each segment,
//! split at `_`, `-` and where `camelCase` turns. Everything is lower-cased; `-` counts as `_`, so
//! that rule names meet over spelling. Words are stemmed by the English rules, which leave codes
//! and compounds with a digit at their end as they are.

use tantivy::tokenizer::{Language, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};

/// The name under which the index knows the tokenizer.
pub(crate) const NAME: &str = "code";

/// Tokens above this many bytes are left out: they are hashes, encoded data and the like.
const LONGEST: usize = 64;

/// The analyzer of all fields and of all queries.
pub(crate) fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(CodeTokenizer).filter(Stemmer::new(Language::English)).build()
}

/// The tokens of a text, in order, with repetitions.
pub(crate) fn tokens(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_token(analyzer, text, |token| found.push(token.to_owned()));
    found
}

/// Tells the tokens of a text, in order, with repetitions.
pub(crate) fn each_token(analyzer: &mut TextAnalyzer, text: &str, mut tell: impl FnMut(&str)) {
    analyzer.token_stream(text).process(&mut |token| tell(&token.text));
}

/// The compounds of a text without their parts: what a code or an error type is known by.
pub(crate) fn wholes(analyzer: &mut TextAnalyzer, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for compound in compounds(text) {
        let whole = normal(compound);
        // Stemming is a function of one token, so that of the whole alone is the same.
        found.extend(tokens(analyzer, compound).into_iter().take(usize::from(fits(&whole))));
    }
    found
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

#[derive(Clone, Default)]
struct CodeTokenizer;

struct CodeTokens {
    left: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for CodeTokenizer {
    type TokenStream<'a> = CodeTokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CodeTokens {
        let mut found = Vec::new();
        for compound in compounds(text) {
            split_compound(compound, &mut found);
        }
        CodeTokens { left: found.into_iter(), token: Token::default() }
    }
}

impl TokenStream for CodeTokens {
    fn advance(&mut self) -> bool {
        let Some(text) = self.left.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text = text;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Runs of letters and digits, with single joiners between them.
fn compounds(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric() && !is_joiner(character))
        .flat_map(|run| {
            // Two joiners in a row are punctuation, except `::` and what separates words in names.
            run.split("..").flat_map(|part| part.split("--")).flat_map(|part| part.split("//"))
        })
        .map(|part| part.trim_matches(is_joiner))
        .filter(|part| !part.is_empty())
}

fn is_joiner(character: char) -> bool {
    matches!(character, '_' | '-' | '.' | '/' | ':' | '@')
}

fn joins_words(character: char) -> bool {
    matches!(character, '_' | '-')
}

fn split_compound(compound: &str, found: &mut Vec<String>) {
    let segments = || {
        compound
            .split(|character| is_joiner(character) && !joins_words(character))
            .map(|segment| segment.trim_matches(joins_words))
    };
    let several = segments().filter(|segment| !segment.is_empty()).count() > 1;
    if several {
        push(normal(compound), found);
    }
    for segment in segments().filter(|segment| !segment.is_empty()) {
        let mark = found.len();
        push(normal(segment), found);
        let first_word = found.len();
        for name in segment.split(joins_words) {
            split_words(name, found);
        }
        // A segment of one word is not said twice.
        if found.len() == first_word + 1 && found.get(mark) == found.last() && first_word > mark {
            found.pop();
        }
    }
}

/// The words of `camelCase` and `HTTPServer`; ideographs stand alone, for they know no spaces.
fn split_words(name: &str, found: &mut Vec<String>) {
    let mut word = String::new();
    let mut previous: Option<char> = None;
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let ideograph = is_ideograph(character);
        let before_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        let turns = previous.is_some_and(|previous| {
            is_ideograph(previous)
                || ideograph
                || (character.is_uppercase() && (previous.is_lowercase() || before_lower))
        });
        if turns {
            push(std::mem::take(&mut word), found);
        }
        word.extend(character.to_lowercase());
        previous = Some(character);
    }
    push(word, found);
}

fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{20000}'..='\u{3FFFF}')
}

/// Lower case, `_` for `-`.
fn normal(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(|character| if character == '-' { '_' } else { character })
        .collect()
}

/// Takes what says something: no single ASCII letters, no numbers of one or two digits.
fn push(token: String, found: &mut Vec<String>) {
    let meaningful =
        if token.bytes().all(|byte| byte.is_ascii_digit()) { token.len() >= 3 } else { token.len() >= 2 };
    if meaningful && fits(&token) {
        found.push(token);
    }
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
        let mut analyzer = analyzer();
        assert_eq!(wholes(&mut analyzer, "clippy::needless_return"), ["clippy::needless_return"]);
        assert_eq!(wholes(&mut analyzer, "TypeError E0382"), ["typeerror", "e0382"]);
        assert_eq!(wholes(&mut analyzer, ""), [""; 0]);
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
