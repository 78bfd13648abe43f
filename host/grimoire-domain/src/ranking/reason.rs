//! Decides whether an error names a reason that a spell for a whole kind of errors does not mention.

use std::collections::HashSet;
use std::ops::Range;

use super::place::changes_own_code;
use crate::diagnostic::{Diagnostic, Kind};
use crate::pattern::is_common_word;
use crate::spell::SpellFields;
use crate::text::cut;

/// The tag of spells whose pattern finds a symptom that has many causes.
const GENERAL: &str = "general";
/// The tag of general spells that only say where to look.
const HINT: &str = "hint";

/// Words that share this many letters at the beginning count as forms of one word, such as `connect` and `connection`.
const STEM: usize = 5;
/// The minimum number of letters in the words of a reason. Any sentence leaves a few letters over.
const REASON: usize = 14;
/// The maximum number of bytes of those words that are kept.
const SHOWN: usize = 160;

/// Returns true if a spell is for a symptom that has many causes, so that it is considered last.
pub(super) fn is_general(spell: &SpellFields) -> bool {
    spell.tags.contains(GENERAL) || is_hint(spell)
}

/// Returns true if a spell says where to look rather than how to mend the error.
pub fn is_hint(spell: &SpellFields) -> bool {
    spell.tags.contains(HINT)
}

/// Returns true if a spell changes the project's own sources and the error occurred while they ran. A symptom such as a
/// null pointer has as many causes there as there are programs, and no step that is the same for all programs fixes it.
pub(super) fn is_own_mistake(diagnostic: &Diagnostic, spell: &SpellFields) -> bool {
    changes_own_code(spell) && matches!(diagnostic.kind, Kind::Crash | Kind::Test)
}

/// The words that follow the match of a spell's pattern in an error and occur nowhere in the spell: they name a reason
/// that the spell's author did not consider. Names, paths, quoted parts and numbers are left out, because they belong
/// to the single case and not to its kind. `None` if too little remains.
pub(super) fn unspoken(diagnostic: &Diagnostic, spell: &SpellFields, found: &Range<usize>) -> Option<String> {
    let text = diagnostic.searchable_text();
    let message = diagnostic.message_place();
    let rest = text.get(found.end.max(message.start)..message.end)?;
    let mut rest: Vec<&str> = plain_words(rest).filter(|word| !is_common_word(word)).collect();
    if letters(&rest) < REASON {
        return None;
    }
    let spoken = stems_of(spell);
    rest.retain(|word| !spoken.contains(stem(word).to_ascii_lowercase().as_str()));
    let mut seen = HashSet::new();
    rest.retain(|word| seen.insert(word.to_ascii_lowercase()));
    (letters(&rest) >= REASON).then(|| cut(&rest.join(" "), SHOWN).to_owned())
}

fn letters(words: &[&str]) -> usize {
    words.iter().map(|word| word.len()).sum()
}

/// The first letters of all words of a spell, in lower case.
fn stems_of(spell: &SpellFields) -> HashSet<String> {
    let texts = [&spell.title, &spell.description, &spell.error_pattern, &spell.solution_code];
    let samples = spell.samples.must_match.iter();
    texts
        .into_iter()
        .chain(samples)
        .chain(&spell.tags)
        .flat_map(|text| text.split(|character: char| !character.is_ascii_alphabetic()))
        .map(|word| stem(word).to_ascii_lowercase())
        .collect()
}

fn stem(word: &str) -> &str {
    word.get(..STEM).unwrap_or(word)
}

/// The plain words of a sentence: only letters, of which only the first may be a capital, outside of quotes, paths and
/// names with other characters.
fn plain_words(text: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split_whitespace().filter_map(move |token| {
        let quoted = quote.is_some();
        for character in token.chars() {
            match quote {
                Some(end) if character == end => quote = None,
                Some(_) => {}
                None => quote = closing(character, token),
            }
        }
        let word = token.trim_matches(|character: char| ".,:;!?()[]-–—•>*".contains(character));
        let plain = word.len() >= 3
            && word.bytes().all(|byte| byte.is_ascii_alphabetic())
            && word.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
        (plain && !quoted).then_some(word)
    })
}

/// The character that closes what this one opens. An apostrophe inside a word opens nothing.
fn closing(character: char, token: &str) -> Option<char> {
    match character {
        '"' | '`' => Some(character),
        '\'' if token.starts_with(['\'', '(', '[', '<']) => Some('\''),
        '‘' => Some('’'),
        '“' => Some('”'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spell(title: &str, sample: &str) -> SpellFields {
        let mut spell = SpellFields { title: title.to_owned(), ..SpellFields::default() };
        spell.samples.must_match = vec![sample.to_owned()];
        spell
    }

    fn of(message: &str, found: &str, spell: &SpellFields) -> Option<String> {
        let diagnostic = Diagnostic { message: message.to_owned(), ..Diagnostic::default() };
        let start = diagnostic.searchable_text().find(found).expect("it stands there");
        unspoken(&diagnostic, spell, &(start..start + found.len()))
    }

    #[test]
    fn a_reason_behind_the_find_has_to_be_spoken_of() {
        let lock = spell("Lock file out of date", "cannot install: the lock file is older than the manifest");
        let found = "cannot install";
        assert_eq!(of("cannot install: the lock file is older", found, &lock), None);
        assert_eq!(
            of("cannot install: certificate of the mirror has expired", found, &lock).as_deref(),
            Some("certificate mirror expired")
        );
    }

    #[test]
    fn names_paths_and_quotes_are_no_reasons() {
        let spell = spell("Cannot open", "cannot open");
        for rest in [
            "src/till/drawer.rs at line 41",
            "'certificate of the mirror expired'",
            "org.acme.TillDrawer MAX_OPEN_DRAWERS drawerIsOpen x86_64-unknown-linux-gnu",
            "and it is not what you see in the output of this command",
        ] {
            assert_eq!(of(&format!("cannot open {rest}"), "cannot open", &spell), None, "{rest}");
        }
    }

    #[test]
    fn forms_of_one_word_are_one() {
        let spell = spell("Connecting to the registry", "cannot pull");
        assert_eq!(of("cannot pull: connection to registries", "cannot pull", &spell), None);
    }
}
