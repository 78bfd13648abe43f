//! The diagnostic as a set of search terms.

use grimoire_plugin_sdk::Diagnostic;

use crate::tokens::{PREFIXES, Token, Word, is_stop_word, words};

/// Maximum number of terms. What a person reads first comes first; the rest of a very long message
/// or context changes no judgement.
pub(crate) const MOST_TERMS: usize = 192;
/// Maximum number of terms from the context, which has many weak ones.
const MOST_CONTEXT_TERMS: usize = 64;
/// Number of bytes of message and context that are searched for terms.
const READ: usize = 4096;

/// The part of the diagnostic that contains a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The message's own words.
    Words,
    /// Quoted in the message: names out of the user's code.
    Quoted,
    /// Only in the context.
    Context,
}

/// The terms of a diagnostic, with constant-time look-up by token.
pub(crate) struct Query {
    /// The part and the displayed text of each term.
    pub(crate) terms: Vec<(Part, String)>,
    /// A hash table with open addressing, a power of two slots, less than half full: token and term + 1.
    slots: Vec<(Token, u16)>,
    /// The prefixes of the terms, for long and for short stems: words with other prefixes need not be hashed.
    long: [bool; PREFIXES],
    short: [bool; PREFIXES],
}

impl Query {
    pub(crate) fn of(error: &Diagnostic) -> Self {
        let mut query = Self {
            terms: Vec::with_capacity(64),
            slots: vec![(0, 0); 4 * MOST_TERMS.next_power_of_two()],
            long: [false; PREFIXES],
            short: [false; PREFIXES],
        };
        let (words, quoted) = split_quoted(head(&error.message));
        query.add_all(&words, Part::Words, MOST_TERMS);
        query.add_all(&quoted, Part::Quoted, MOST_TERMS);
        let most = (query.terms.len() + MOST_CONTEXT_TERMS).min(MOST_TERMS);
        query.add_all(head(&error.context), Part::Context, most);
        query
    }

    /// The term of this word.
    #[inline]
    pub(crate) fn find_word(&self, word: Word<'_>) -> Option<usize> {
        let (long, short) = word.prefixes();
        if self.long[long] | self.short[short] { self.find(word.token().0) } else { None }
    }

    /// The term of this token.
    pub(crate) fn find(&self, token: Token) -> Option<usize> {
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(token) & mask;
        loop {
            let (known, term) = self.slots[slot];
            if term == 0 {
                return None;
            }
            if known == token {
                return Some(usize::from(term) - 1);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Adds the terms of a text. A compound identifier is a term in addition to its parts.
    fn add_all(&mut self, text: &str, part: Part, most: usize) {
        for shown in text.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
            words(shown, |word| {
                if self.terms.len() < most {
                    self.add(word, part, shown);
                }
            });
        }
    }

    fn add(&mut self, word: Word<'_>, part: Part, shown: &str) {
        let (token, stem) = word.token();
        if is_stop_word(token) || self.find(token).is_some() {
            return;
        }
        let (long, short) = word.prefixes();
        match stem {
            0 | 1 => word.prefixes_of_letter().for_each(|prefix| self.short[prefix] = true),
            2 => self.short[short] = true,
            _ => self.long[long] = true,
        }
        self.terms.push((part, shown.to_owned()));
        let mask = self.slots.len() - 1;
        let mut slot = slot_of(token) & mask;
        while self.slots[slot].1 != 0 {
            slot = (slot + 1) & mask;
        }
        let term = u16::try_from(self.terms.len()).expect("at most MOST_TERMS terms");
        self.slots[slot] = (token, term);
    }
}

#[allow(clippy::cast_possible_truncation, reason = "the low bits are as good as any")]
fn slot_of(token: Token) -> usize {
    (token >> 7) as usize
}

/// The first part of a text, cut at a character boundary.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(READ)]
}

/// Splits a message into the text outside of quotes and the quoted parts, each separated by a space. A quote opens
/// where a word cannot continue and closes before a place where none can start, so that `don't` quotes nothing.
pub(crate) fn split_quoted(message: &str) -> (String, String) {
    let bytes = message.as_bytes();
    let (mut plain, mut quoted) = (String::with_capacity(bytes.len()), String::new());
    let is_word = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    let mut kept = 0;
    let mut at = 0;
    while let Some(next) = memchr::memchr3(b'`', b'\'', b'"', &bytes[at..]) {
        let open = at + next;
        at = open + 1;
        let quote = bytes[open];
        if quote != b'`' && open > 0 && is_word(bytes.get(open - 1)) {
            continue;
        }
        let close = memchr::memchr_iter(quote, &bytes[at..])
            .map(|next| at + next)
            .find(|close| quote == b'`' || !is_word(bytes.get(close + 1)));
        let Some(close) = close.filter(|close| *close > at) else { continue };
        plain.push_str(&message[kept..open]);
        plain.push(' ');
        quoted.push_str(&message[at..close]);
        quoted.push(' ');
        at = close + 1;
        kept = at;
    }
    plain.push_str(&message[kept..]);
    (plain, quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::token;

    #[test]
    fn quoted_parts_are_kept_apart() {
        let (plain, quoted) = split_quoted("cannot find `Foo::bar` in 'x y', don't use \"z\" or 'open");
        assert_eq!(
            plain.split_whitespace().collect::<Vec<_>>().join(" "),
            "cannot find in , don't use or 'open"
        );
        assert_eq!(quoted.trim(), "Foo::bar x y z");
    }

    #[test]
    fn terms_are_found_by_their_forms() {
        let query = Query::of(&Diagnostic {
            message: "unused imports: `HashMap`".into(),
            context: "use std::collections::HashMap;".into(),
            ..Diagnostic::default()
        });
        let part = |word: &str| query.find(token(word).unwrap()).map(|term| query.terms[term].0);
        assert_eq!(part("import"), Some(Part::Words));
        assert_eq!(part("map"), Some(Part::Quoted));
        assert_eq!(part("collection"), Some(Part::Context));
        assert_eq!(part("the"), None);
    }

    #[test]
    fn a_word_is_found_exactly_if_its_token_is() {
        let query = Query::of(&Diagnostic { message: "i us kettle".into(), ..Diagnostic::default() });
        for text in ["i ies ied iing", "us use used", "kettle kettles KETTLED", "tea icy i1 ket"] {
            words(text, |word| {
                assert_eq!(query.find_word(word), query.find(word.token().0), "{text}");
            });
        }
    }

    #[test]
    fn long_messages_are_bounded() {
        let message: String = (0..5000).map(|at| format!("w{at}x")).collect::<Vec<_>>().join(" ");
        let query = Query::of(&Diagnostic { message, ..Diagnostic::default() });
        assert_eq!(query.terms.len(), MOST_TERMS);
    }
}
