//! What tells that a diagnostic is another tool's than the one that a spell is for, within one language.

use super::code::{number_code, own_codes};
use crate::diagnostic::Diagnostic;
use crate::spell::SpellFields;

/// Programs that check sources by rules of their own: what one of them reports is no other one's finding,
/// however alike they say it. Left out are those that run others (golangci-lint, pre-commit).
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

/// The checkers that a spell is for, where the diagnostic is of another one.
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

/// The code that a spell is for, where the diagnostic's own one is of another tool and the spell does not
/// name it: `H2164` is no `TS6133`.
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

#[cfg(test)]
mod tests {
    use super::*;

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
