//! Parses the query that a person typed into a search box.

use std::collections::VecDeque;

use grimoire_domain::text::{composed, cut};

use crate::rank::{Matcher, Phrase};
use crate::synonyms;
use crate::tokenizer::{self, Word, compounds, normal, term, words};

/// Maximum length of a typed query in bytes; the rest is ignored.
const MAXIMUM_TYPED: usize = 4_096;
/// Maximum number of words, phrases and exclusions of a typed query; the rest is ignored.
const MAXIMUM_ITEMS: usize = 32;
/// Minimum length in letters of an unfinished word that is completed.
const SHORTEST_UNFINISHED: usize = 3;

/// Stop words. They count only in phrases and in queries without other words.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "all", "am", "an", "and", "any", "are", "as", "at", "be", "because",
    "been", "before", "but", "by", "can", "cannot", "cant", "could", "did", "do", "does", "doesn", "doesnt",
    "doing", "don", "dont", "during", "even", "fix", "fixed", "fixing", "for", "from", "get", "gets",
    "getting", "give", "gives", "got", "had", "has", "have", "help", "how", "i", "if", "in", "into", "is",
    "isn", "isnt", "issue", "it", "its", "just", "keeps", "make", "me", "mean", "means", "my", "no", "not",
    "of", "on", "or", "our", "please", "problem", "says", "should", "since", "so", "solve", "some", "still",
    "than", "that", "the", "their", "then", "there", "these", "they", "this", "to", "tries", "trying", "up",
    "via", "was", "we", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with",
    "without", "won", "would", "you", "your",
];

/// Words that occur in any failure: optional.
const COMMON_WORDS: &[&str] = &[
    "broken",
    "build",
    "ci",
    "crash",
    "crashes",
    "error",
    "errors",
    "exception",
    "fail",
    "failed",
    "failing",
    "fails",
    "failure",
    "fatal",
    "find",
    "found",
    "invalid",
    "message",
    "run",
    "running",
    "use",
    "using",
    "version",
    "warning",
    "warnings",
    "work",
    "working",
    "works",
    "wrong",
];

/// Names that a tokenizer would reduce to one letter or nothing, and the corresponding tags of spells.
const NAMES_WITH_SYMBOLS: &[(&str, &str)] =
    &[("c++", "cpp"), ("c#", "csharp"), ("f#", "fsharp"), (".net", "dotnet"), ("g++", "gcc")];

/// A typed query.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Typed {
    pub(crate) items: Vec<Item>,
    pub(crate) excluded: Vec<Matcher>,
    /// Adjacent words, ignoring stop words between them.
    pub(crate) pairs: Vec<Phrase>,
}

/// One requested thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// A compound, or several words that form a name.
    Name(Name),
    /// Quoted words, in their order.
    Quoted(Vec<Word>),
}

impl Item {
    /// Returns true if the item is one of those of which a spell must match most.
    pub(crate) fn is_needed(&self) -> bool {
        match self {
            Self::Name(name) => !name.optional,
            Self::Quoted(words) => words.len() > 1,
        }
    }

    /// Returns true if the item is specific: it is quoted, or is neither a stop word nor a common word.
    fn asks(&self) -> bool {
        match self {
            Self::Name(name) => !name.optional && !is_stop_word(&name.text),
            Self::Quoted(_) => true,
        }
    }
}

/// A typed name, and its synonyms.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Name {
    /// In lower case.
    pub(crate) text: String,
    /// Its term, unless it is too long or consists of several compounds.
    pub(crate) whole: Option<String>,
    /// The words that it consists of.
    pub(crate) words: Vec<Word>,
    /// A matcher for each synonym.
    pub(crate) synonyms: Vec<Matcher>,
    /// True if the name may be incomplete.
    pub(crate) unfinished: bool,
    /// True if the name occurs in any failure, or is only quoted from a message: then it is optional.
    pub(crate) optional: bool,
}

impl Name {
    /// A name of one compound.
    fn of(compound: &str) -> Self {
        let text = normal(compound);
        let words = words(compound);
        let whole = tokenizer::whole(compound);
        let synonyms = whole.as_deref().map(synonyms::of).unwrap_or_default();
        let optional = COMMON_WORDS.contains(&&*text);
        Self { text, whole, words, synonyms, unfinished: false, optional }
    }

    /// Returns true if the name has several words, even unspecific ones, as the version in `glibc_2.34`.
    pub(crate) fn has_parts(&self) -> bool {
        self.words.iter().any(|word| word.text != self.text)
    }

    /// The names of the individual words.
    pub(crate) fn parts(&self) -> Vec<Self> {
        let mut parts: Vec<Self> = self.words.iter().map(|word| Self::of(&word.text)).collect();
        if let Some(last) = parts.last_mut() {
            last.unfinished = self.unfinished;
        }
        parts.retain(|part| !is_stop_word(&part.text));
        parts
    }

    /// The prefix for completions of an unfinished name.
    pub(crate) fn prefix(&self) -> Option<String> {
        let long_enough = self.text.chars().count() >= SHORTEST_UNFINISHED;
        (self.unfinished && long_enough).then(|| self.text.clone())
    }
}

impl Typed {
    /// Parses a text: words, `"quoted words"`, and `-word` or `-"quoted words"` for exclusions. Any text is a
    /// query; the last word may be incomplete.
    pub(crate) fn of(text: &str) -> Self {
        let text = &*composed(cut(text, MAXIMUM_TYPED));
        let mut typed = Self::default();
        let mut names: Vec<Name> = Vec::new();
        let mut unfinished = false;
        let mut row: Vec<Word> = Vec::new();
        for chunk in chunks(text) {
            unfinished = !chunk.quoted && !chunk.excluded && chunk.text.ends_with(char::is_alphanumeric);
            match chunk {
                Chunk { excluded: true, text, .. } => typed.excluded.extend(Matcher::of(&words(text))),
                Chunk { quoted: true, text, .. } => {
                    typed.add_names(&mut names);
                    let words = words(text);
                    if !words.is_empty() {
                        typed.items.push(Item::Quoted(words));
                    }
                }
                Chunk { text, .. } => {
                    let start = row.last().map_or(0, |last| last.position + 1);
                    row.extend(
                        words(text).into_iter().map(|word| Word { position: start + word.position, ..word }),
                    );
                    names.extend(names_in(text));
                }
            }
        }
        if let Some(last) = names.last_mut() {
            last.unfinished = unfinished && text.ends_with(char::is_alphanumeric);
        }
        typed.add_names(&mut names);
        if !typed.excluded.is_empty() && !typed.items.iter().any(Item::asks) {
            // There is nothing to leave something out of: a compiler's option, as in `cannot find -lssl`.
            typed.excluded.clear();
            typed.items.clear();
            names.extend(names_in(text));
            typed.add_names(&mut names);
        }
        typed.drop_stop_words();
        typed.pairs = pairs(row);
        typed.items.truncate(MAXIMUM_ITEMS);
        typed.excluded.truncate(MAXIMUM_ITEMS);
        typed
    }

    /// Adds names; several together may form one name.
    fn add_names(&mut self, names: &mut Vec<Name>) {
        let mut rest = VecDeque::from(std::mem::take(names));
        while !rest.is_empty() {
            let words: Vec<&str> =
                rest.iter().map_while(|name| name.whole.as_deref()).take(synonyms::MOST_WORDS).collect();
            let (taken, synonyms) = synonyms::longest(&words).unwrap_or_default();
            if taken < 2 {
                self.items.extend(rest.pop_front().map(Item::Name));
                continue;
            }
            let together: Vec<Name> = rest.drain(..taken).collect();
            self.items.push(Item::Name(Name {
                text: together.iter().map(|name| &*name.text).collect::<Vec<_>>().join(" "),
                whole: None,
                words: in_a_row(together),
                synonyms,
                unfinished: false,
                optional: false,
            }));
        }
    }

    fn drop_stop_words(&mut self) {
        let tells = |item: &Item| match item {
            Item::Name(name) => !is_stop_word(&name.text),
            Item::Quoted(_) => true,
        };
        if self.items.iter().any(tells) {
            self.items.retain(tells);
        }
        if !self.items.iter().any(Item::is_needed) {
            for item in &mut self.items {
                if let Item::Name(name) = item {
                    name.optional = false;
                }
            }
        }
    }

    /// The typed terms, those of their synonyms, and those of phrases.
    pub(crate) fn terms(&self) -> impl Iterator<Item = String> {
        let of_item = |item: &Item| {
            let mut terms = Vec::new();
            match item {
                Item::Quoted(words) => terms.extend(words.iter().map(|word| term(&word.text))),
                Item::Name(name) => {
                    terms.extend(name.whole.clone());
                    terms.extend(name.words.iter().map(|word| term(&word.text)));
                    let parts = name.parts();
                    let synonyms = parts.iter().flat_map(|part| &part.synonyms).chain(&name.synonyms);
                    terms.extend(synonyms.flat_map(Matcher::terms).map(str::to_owned));
                }
            }
            terms
        };
        let excluded = self.excluded.iter().flat_map(Matcher::terms).map(str::to_owned);
        let pairs = self.pairs.iter().flatten().map(|(_, term)| term.clone());
        self.items.iter().flat_map(of_item).chain(excluded.collect::<Vec<_>>()).chain(pairs)
    }

    /// The typed phrases and those of synonyms.
    pub(crate) fn phrases(&self) -> impl Iterator<Item = Phrase> {
        let of_item = |item: &Item| match item {
            Item::Quoted(words) => Vec::from_iter(Matcher::of(words)),
            Item::Name(name) => {
                let parts = name.parts().into_iter().flat_map(|part| part.synonyms);
                parts.chain(name.synonyms.iter().cloned()).chain(Matcher::of(&name.words)).collect()
            }
        };
        let matchers = self.items.iter().flat_map(of_item).chain(self.excluded.iter().cloned());
        let matchers: Vec<Matcher> = matchers.collect();
        let pairs = self.pairs.iter().cloned();
        pairs.chain(matchers.into_iter().filter_map(|matcher| match matcher {
            Matcher::Phrase(phrase) => Some(phrase),
            Matcher::All(_) | Matcher::Any(_) => None,
        }))
    }
}

/// Returns true for a stop word.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word)
}

/// The words of consecutive names.
fn in_a_row(names: Vec<Name>) -> Vec<Word> {
    let mut row = Vec::new();
    for name in names {
        let start = row.last().map_or(0, |last: &Word| last.position + 1);
        row.extend(name.words.into_iter().map(|word| Word { position: start + word.position, ..word }));
    }
    row
}

/// The names in a text without quotes.
fn names_in(text: &str) -> Vec<Name> {
    let name_with_symbols = |word: &str| {
        let bare = word.trim_matches(|character: char| ",;:!?()[]{}'`\"".contains(character));
        let named = NAMES_WITH_SYMBOLS.iter().find(|(name, _)| name.eq_ignore_ascii_case(bare));
        named.map(|(_, plain)| *plain)
    };
    let mut names = Vec::new();
    for word in text.split_whitespace() {
        if let Some(plain) = name_with_symbols(word) {
            names.push(Name::of(plain));
            continue;
        }
        let quoted = word.starts_with(['\'', '`', '\u{2018}', '\u{201C}']);
        let found = compounds(word).map(|compound| {
            let name = Name::of(compound);
            Name { optional: name.optional || quoted, ..name }
        });
        names.extend(found.filter(|name| !name.words.is_empty()));
    }
    names
}

/// Phrases of adjacent words, without stop words.
fn pairs(mut row: Vec<Word>) -> Vec<Phrase> {
    row.retain(|word| !is_stop_word(&word.text));
    row.truncate(MAXIMUM_ITEMS);
    let phrases = row.windows(2).filter_map(|pair| match Matcher::of(pair) {
        Some(Matcher::Phrase(phrase)) => Some(phrase),
        _ => None,
    });
    phrases.collect()
}

/// A part of a query.
struct Chunk<'t> {
    text: &'t str,
    quoted: bool,
    excluded: bool,
}

/// Splits a query into quoted parts and parts between spaces.
fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (excluded, quoted) = if let Some(quoted) = rest.strip_prefix("-\"") {
            (true, Some(quoted))
        } else {
            (false, rest.strip_prefix('"'))
        };
        if let Some((inside, after)) = quoted.and_then(|quoted| quoted.split_once('"')) {
            found.push(Chunk { text: inside, quoted: true, excluded });
            rest = after.trim_start();
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let without = word.strip_prefix('-').filter(|without| is_excluded(without));
        found.push(Chunk { text: without.unwrap_or(word), quoted: false, excluded: without.is_some() });
        rest = after.trim_start();
    }
    found
}

/// Returns true if a word after `-` is an exclusion, and not a compiler's option such as `-Werror`,
/// `-fPIC` or `-std=c++20`.
fn is_excluded(word: &str) -> bool {
    let mut characters = word.chars();
    let (first, second) = (characters.next(), characters.next());
    let is_option = first
        .is_some_and(|first| matches!(first, 'W' | 'D' | 'Z') && second.is_some_and(char::is_lowercase))
        || first.is_some_and(|first| first == 'f' && second.is_some_and(char::is_uppercase))
        || second.is_none()
        || word.contains('=');
    first.is_some_and(char::is_alphanumeric) && !is_option
}
