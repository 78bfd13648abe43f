//! Tells whether a diagnostic and a spell belong to different tools of one language.

use super::code::{number_code, own_codes};
use crate::diagnostic::Diagnostic;
use crate::spell::SpellFields;

/// Programs that check sources by their own rules: a finding of one is not a finding of another, even if
/// the wording is the same. Programs that run others (golangci-lint, pre-commit) are left out.
const CHECKERS: &[&str] = &[
    "bandit",
    "biome",
    "checkstyle",
    "clang-tidy",
    "clippy",
    "cppcheck",
    "credo",
    "detekt",
    "eslint",
    "flake8",
    "hadolint",
    "hlint",
    "ktlint",
    "luacheck",
    "markdownlint",
    "mypy",
    "oxlint",
    "phpcs",
    "phpstan",
    "pmd",
    "psalm",
    "pylint",
    "pyright",
    "revive",
    "rubocop",
    "ruff",
    "shellcheck",
    "spotbugs",
    "staticcheck",
    "stylelint",
    "swiftlint",
    "tflint",
    "tslint",
    "ty",
    "yamllint",
];

fn checker(word: &str) -> Option<&'static str> {
    CHECKERS.iter().find(|known| word.eq_ignore_ascii_case(known)).copied()
}

/// The checkers that a spell is for, if the diagnostic comes from another one.
pub(super) fn other_checker(diagnostic: &Diagnostic, spell: &SpellFields) -> Option<String> {
    let mut own =
        [diagnostic.tool.as_str(), &diagnostic.error_type].into_iter().filter_map(checker).peekable();
    own.peek()?;
    let title = spell.title.split(|character: char| !(character.is_alphanumeric() || character == '-'));
    let named = spell.tags.iter().map(String::as_str).chain([spell.error_type.as_str()]).chain(title);
    let theirs: Vec<&str> = named.filter_map(checker).collect();
    let differ = !theirs.is_empty() && !own.any(|own| theirs.contains(&own));
    differ.then(|| theirs.first().copied().unwrap_or_default().to_owned())
}

/// The code that a spell is for, if the diagnostic's own code belongs to another tool and the spell does
/// not name it: `H2164` is not `TS6133`.
pub(super) fn code_of_another_tool(diagnostic: &Diagnostic, spell: &SpellFields) -> Option<String> {
    let theirs = number_code(&spell.error_type)?;
    let mut own = own_codes(diagnostic).filter(|code| number_code(code).is_some()).peekable();
    own.peek()?;
    let names = |code: &str| {
        let texts = [&spell.title, &spell.error_pattern, &spell.description];
        texts.iter().any(|text| text.contains(code))
            || spell.tags.iter().any(|tag| tag.eq_ignore_ascii_case(code))
    };
    let differ = own.all(|code| number_code(code) != Some(theirs) && !names(code));
    differ.then(|| spell.error_type.clone())
}

/// A tag of the spell such as `eslint@9`, if the error's text names an older version of that tool. Such a tag
/// means that the spell applies from that version on.
pub(super) fn older_version(diagnostic: &Diagnostic, spell: &SpellFields) -> Option<String> {
    let mut text = None;
    spell.tags.iter().find_map(|tag| {
        let (tool, least) = tag.split_once('@').filter(|(tool, _)| !tool.is_empty())?;
        let least: u32 = least.parse().ok()?;
        let text = text.get_or_insert_with(|| diagnostic.searchable_text().to_ascii_lowercase());
        (major_version(text, tool)? < least).then(|| tag.clone())
    })
}

/// The major version in `ESLint: 8.57.0`, `eslint v8.57` or `eslint@8.57.0`; `text` is in lower case.
fn major_version(text: &str, tool: &str) -> Option<u32> {
    text.match_indices(tool).find_map(|(start, _)| {
        let behind = &text[start + tool.len()..];
        let version = behind.trim_start_matches([' ', ':', '@', '/', 'v', '(']);
        let (major, rest) = version.split_at(version.find(|character: char| !character.is_ascii_digit())?);
        let is_version = version.len() < behind.len() && rest.starts_with('.');
        major.parse().ok().filter(|_| is_version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_version_of_the_tool_contradicts() {
        let flat = SpellFields { tags: ["eslint@9".to_owned()].into(), ..SpellFields::default() };
        let of = |message: &str| Diagnostic { message: message.to_owned(), ..Diagnostic::default() };
        for older in ["Oops! ESLint: 8.57.0", "eslint@7.32.0 found no configuration", "eslint v8.1"] {
            assert_eq!(older_version(&of(older), &flat), Some("eslint@9".to_owned()), "{older}");
        }
        for other in ["ESLint: 9.12.0", "eslint 8 rules", "eslint8.0", "node v8.1", "ESLint: 10.0.0", ""] {
            assert_eq!(older_version(&of(other), &flat), None, "{other}");
        }
    }

    #[test]
    fn a_code_of_another_tool_contradicts() {
        let error = Diagnostic { code: Some("H2164".to_owned()), ..Diagnostic::default() };
        let unused = SpellFields { error_type: "TS6133".to_owned(), ..SpellFields::default() };
        assert_eq!(code_of_another_tool(&error, &unused), Some("TS6133".to_owned()));
        let both =
            SpellFields { title: "Declared but never used (TS6133, H2164)".to_owned(), ..unused.clone() };
        assert_eq!(code_of_another_tool(&error, &both), None);
        let of_tool = Diagnostic { code: Some("TS6192".to_owned()), ..error };
        assert_eq!(code_of_another_tool(&of_tool, &unused), None);
    }
}
