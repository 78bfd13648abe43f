//! Error codes and rule names: `E0382`, `TS2304`, `ERR_MODULE_NOT_FOUND`, `ENOENT`, `no-unused-vars`,
//! `clippy::needless_return`.

use grimoire_plugin_sdk::{Diagnostic, Spell};

use crate::reading::Reading;

/// The codes of one diagnostic as it writes them, at most a few.
pub(crate) struct Codes {
    /// The codes.
    found: Vec<Code>,
    /// The diagnostic's code if it is a plain word, as some linters' rules are (`quotes`): it is compared
    /// with the codes of spells, never with the words of a title.
    plain: Option<String>,
    /// The letters and the length of the explicit code if it consists of letters and digits.
    family: Option<(String, usize)>,
}

struct Code {
    text: String,
    name: NameHash,
    /// True if the diagnostic itself states it as its code.
    explicit: bool,
}

/// A hash of a word that may be a code, equal for words that are the [`same`] code. Two different ones have the same
/// hash with a probability of about 2^-64. In little-endian order, as it is prepared.
pub(crate) type NameHash = [u8; 8];

/// How a candidate's codes relate to those of the diagnostic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CodeEvidence {
    /// The candidate names no code of the diagnostic.
    None,
    /// The candidate names this code; `explicit` when it is the diagnostic's own.
    Equal { code: String, explicit: bool },
    /// The candidate is for another code of the same family, such as `E0499` where `E0382` was reported.
    Other(String),
}

/// Maximum number of codes that are extracted from a message.
const MOST: usize = 8;

impl Codes {
    pub(crate) fn of(error: &Diagnostic) -> Self {
        let mut found: Vec<Code> = Vec::new();
        let mut add = |code: &str, explicit: bool| {
            let code = code.trim();
            let hash = name_hash(code);
            if !name(code).is_empty() && found.len() < MOST && !found.iter().any(|known| known.name == hash) {
                found.push(Code { text: code.to_owned(), name: hash, explicit });
            }
        };
        let explicit = error.code.as_deref().filter(|code| !code.is_empty());
        let has_form = |code: &&str| is_code(code) || is_rule_name(code);
        if let Some(code) = explicit.filter(has_form) {
            add(code, true);
        }
        if is_code(&error.error_type) || is_rule_name(&error.error_type) {
            add(&error.error_type, true);
        }
        let leading = leading_code(&error.message);
        if let Some(code) = leading {
            add(code, true);
        }
        for word in words(&error.message) {
            if is_code(word) {
                add(word, false);
            }
        }
        // A rule name before the message (`unused-import: …`) or in brackets after it (`… [arg-type]`).
        let first = error.message.split([' ', '\n']).next().unwrap_or_default();
        if let Some(name) = first.strip_suffix(':')
            && is_rule_name(name)
        {
            add(name, true);
        }
        if let Some(name) = bracketed_end(error.message.lines().next().unwrap_or_default())
            && (is_rule_name(name) || is_code(name))
        {
            add(name, false);
        }
        let stated = [explicit, Some(error.error_type.as_str()), leading];
        let family = stated.into_iter().flatten().find_map(family);
        Self { found, plain: explicit.filter(|code| !has_form(code)).map(str::to_owned), family }
    }

    /// Compares with the candidate's error type, tags, title and pattern.
    pub(crate) fn evidence(&self, spell: &Reading<'_>) -> CodeEvidence {
        if let Some(plain) = &self.plain
            && same(plain, spell.error_type)
        {
            return CodeEvidence::Equal { code: plain.clone(), explicit: true };
        }
        if self.found.is_empty() {
            return CodeEvidence::None;
        }
        let named = spell.names.iter().filter_map(|name| self.found.iter().find(|code| code.name == *name));
        // The first one, but rather one that the diagnostic states.
        if let Some(Code { text, explicit, .. }) =
            named.reduce(|best, code| if code.explicit && !best.explicit { code } else { best })
        {
            return CodeEvidence::Equal { code: text.clone(), explicit: *explicit };
        }
        let Some(mine) = &self.family else { return CodeEvidence::None };
        let other = spell.codes.iter().find(|code| family(code).as_ref() == Some(mine));
        other.map_or(CodeEvidence::None, |other| CodeEvidence::Other((*other).to_owned()))
    }
}

/// The words of a spell that name a code if they are one: its error type, its tags, the words of title and pattern.
pub(crate) fn names(spell: &Spell) -> impl Iterator<Item = &str> {
    let named = [&spell.error_type].into_iter().chain(&spell.tags).map(String::as_str);
    named.chain(words(&spell.title)).chain(words(&spell.error_pattern))
}

/// The words of a text as codes are written: they may contain letters, digits, `_`, `-`, `/`, `@` and `::`.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '@' | ':')))
        .map(|word| word.trim_matches([':', '-', '/']))
        .filter(|word| word.len() >= 3)
}

/// The code at the beginning of a message: `E0382: …`, `error[E0382]: …`, `error TS2304: …`.
fn leading_code(message: &str) -> Option<&str> {
    message.split([' ', '\n']).take(2).find_map(|word| {
        let word = word.strip_suffix(':')?;
        let code =
            word.strip_suffix(']').and_then(|word| word.split_once('[')).map_or(word, |(_, code)| code);
        is_code(code).then_some(code)
    })
}

/// `name` of a line that ends in `[name]` or `(name)`.
fn bracketed_end(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let open = match line.as_bytes().last()? {
        b']' => '[',
        b')' => '(',
        _ => return None,
    };
    let start = line.rfind(open)?;
    Some(&line[start + 1..line.len() - 1])
}

/// Returns true if a word has the form of a code: up to six capitals and two to five digits (`E0382`, `TS2304`),
/// capitals joined by `_` (`ERR_MODULE_NOT_FOUND`), or `E` and capitals (`ENOENT`, `ERESOLVE`).
pub(crate) fn is_code(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let rest = &word[letters..];
    if (1..=6).contains(&letters)
        && (2..=5).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_digit())
    {
        return true;
    }
    word.len() >= 5
        && !matches!(word, "ERROR" | "ERRORS" | "EXCEPTION" | "EXPECTED" | "EXITED")
        && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
        && (word.contains('_') && letters >= 2 || letters == word.len() && word.starts_with('E'))
}

/// Returns true if a word has the form of a rule name: lower-case words joined by `-`, `_`, `/` or `::`.
pub(crate) fn is_rule_name(word: &str) -> bool {
    let name = word.rsplit("::").next().unwrap_or(word);
    word.len() >= 4
        && word
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b'@' | b':'))
        && (name.contains(['-', '_']) || word.contains("::") || word.contains('/'))
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// The capital letters and the number of digits of such a code, which the codes of one tool share.
pub(crate) fn family(word: &str) -> Option<(String, usize)> {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = word.len() - letters;
    (is_code(word) && letters > 0 && digits >= 2).then(|| (word[..letters].to_owned(), word.len()))
}

/// A code without its tool's prefix (`clippy::`).
fn name(code: &str) -> &str {
    code.rsplit("::").next().unwrap_or(code).trim()
}

/// Returns true if two words are the same code, whatever the case, `-` or `_`, and a tool's prefix (`clippy::`).
pub(crate) fn same(one: &str, other: &str) -> bool {
    let (one, other) = (name(one), name(other));
    one.len() == other.len() && one.bytes().map(normal).eq(other.bytes().map(normal))
}

fn normal(byte: u8) -> u8 {
    if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() }
}

/// FNV-1a of the code's normal form, see [`same`].
pub(crate) fn name_hash(code: &str) -> NameHash {
    let add = |state: u64, byte: u8| (state ^ u64::from(normal(byte))).wrapping_mul(0x0100_0000_01B3);
    name(code).bytes().fold(0xCBF2_9CE4_8422_2325, add).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grams::Seen;

    #[allow(clippy::needless_pass_by_value, reason = "reads better at the calls")]
    fn evidence(error: Diagnostic, spell: Spell) -> CodeEvidence {
        Codes::of(&error).evidence(&Reading::written(&spell, &mut Seen::default()))
    }

    #[test]
    fn forms_of_codes() {
        for code in ["E0382", "TS2304", "F401", "RUF057", "ERR_MODULE_NOT_FOUND", "ENOENT", "ERESOLVE"] {
            assert!(is_code(code), "{code}");
        }
        for word in ["error", "ERROR", "HTTP", "X1", "E", "PATH", "utf8", "TypeError", "A_1é", ""] {
            assert!(!is_code(word), "{word}");
        }
        assert!(is_rule_name("no-unused-vars") && is_rule_name("clippy::needless_return"));
        assert!(is_rule_name("@typescript-eslint/no-explicit-any") && !is_rule_name("quotes"));
    }

    #[test]
    fn a_code_is_found_where_spells_name_it() {
        let error = Diagnostic {
            message: "use of moved value".into(),
            code: Some("E0382".into()),
            ..Diagnostic::default()
        };
        let equal = CodeEvidence::Equal { code: "E0382".into(), explicit: true };
        for spell in [
            Spell { error_type: "E0382".into(), ..Spell::default() },
            Spell { title: "Borrow of a moved value (E0382)".into(), ..Spell::default() },
            Spell { tags: vec!["rust".into(), "e0382".into()], ..Spell::default() },
            Spell { error_pattern: "error\\[E0382\\]: .*".into(), ..Spell::default() },
        ] {
            assert_eq!(evidence(error.clone(), spell), equal);
        }
        let other = Spell { title: "E0499: two mutable borrows".into(), ..Spell::default() };
        assert_eq!(evidence(error.clone(), other), CodeEvidence::Other("E0499".into()));
        let foreign = Spell { title: "TS2304 cannot find name".into(), ..Spell::default() };
        assert_eq!(evidence(error, foreign), CodeEvidence::None);
    }

    #[test]
    fn rule_names_meet_over_spelling() {
        let error = Diagnostic {
            message: "unneeded `return` statement".into(),
            code: Some("clippy::needless_return".into()),
            ..Diagnostic::default()
        };
        let spell = Spell { title: "needless-return".into(), ..Spell::default() };
        assert!(matches!(evidence(error, spell), CodeEvidence::Equal { explicit: true, .. }));
        let error = Diagnostic {
            message: "Incompatible types in assignment  [arg-type]".into(),
            ..Diagnostic::default()
        };
        let spell = Spell { tags: vec!["arg-type".into()], ..Spell::default() };
        assert!(matches!(evidence(error, spell), CodeEvidence::Equal { explicit: false, .. }));
    }
}
