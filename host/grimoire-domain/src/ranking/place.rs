//! Tells whether an error lies outside the project's own code.

use grimoire_log::path;

use crate::diagnostic::Diagnostic;
use crate::spell::SpellFields;

/// The tag of spells that change the project's own sources.
const OWN_CODE: &str = "own-code";

/// Programs whose users need not know the language they are written in: when one of them fails with an
/// exception, the fix is not in the project's sources.
const PROGRAMS: &[&str] = &[
    "ansible",
    "brew",
    "bundler",
    "cocoapods",
    "conda",
    "fastlane",
    "gradle",
    "maven",
    "npm",
    "pip",
    "pnpm",
    "poetry",
    "pre-commit",
    "yarn",
];

/// Returns true if a spell changes the project's own sources.
pub(super) fn changes_own_code(spell: &SpellFields) -> bool {
    spell.tags.contains(OWN_CODE)
}

/// Returns true if a spell changes the project's own sources while the error lies in those of a package, a
/// toolchain, an action, or the program that reports it.
pub(super) fn is_elsewhere(diagnostic: &Diagnostic, spell: &SpellFields) -> bool {
    changes_own_code(spell)
        && (PROGRAMS.contains(&diagnostic.tool.as_str()) || lies_in_foreign_code(diagnostic))
}

/// Decides by the location of the error; without one, by those of its stack trace; without these, by those
/// in its message.
fn lies_in_foreign_code(diagnostic: &Diagnostic) -> bool {
    if let Some(location) = &diagnostic.location {
        return !diagnostic.is_in_own_code(&location.path);
    }
    let frames = diagnostic.stack_trace.iter().filter_map(|frame| frame.location.as_ref());
    let mut places = frames.map(|location| location.path.as_str()).peekable();
    if places.peek().is_some() {
        return places.all(|path| !diagnostic.is_in_own_code(path));
    }
    let mut places = places_of(&diagnostic.message).peekable();
    places.peek().is_some() && places.all(|path| !path::is_own(path))
}

/// The paths with a line number in a text: `[/home/dev/.cargo/registry/src/till-1.2.0/src/lib.rs:59:64]`,
/// `/app/node_modules/till/index.ts(4,43)`.
fn places_of(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|character: char| character.is_whitespace() || "[]{}<>'\"`,".contains(character));
    words.filter_map(|word| {
        let (path, line) = word.trim_start_matches('(').split_once([':', '('])?;
        (path.contains('/') && line.starts_with(|first: char| first.is_ascii_digit())).then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Frame, Location};

    fn location(path: &str) -> Location {
        Location { path: path.to_owned(), start: None, end: None }
    }

    fn spell(tags: &[&str]) -> SpellFields {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        SpellFields { tags, ..SpellFields::default() }
    }

    fn at(path: &str) -> Diagnostic {
        Diagnostic { location: Some(location(path)), ..Diagnostic::default() }
    }

    #[test]
    fn advice_for_own_sources_is_not_for_those_of_packages_and_actions() {
        let own_code = spell(&["own-code", "rust"]);
        for path in [
            "/home/runner/.cargo/registry/src/index-6f17d22bba15001f/till-1.2.0/src/lib.rs",
            "/usr/local/cargo/registry/src/index-6f17d22bba15001f/till-1.2.0/src/lib.rs",
            "node_modules/till/index.d.ts",
            "/home/runner/work/_actions/acme/till/v1/dist/index.js",
            "/usr/lib/python3/dist-packages/till.py",
            "node:internal/process/promises",
        ] {
            assert!(is_elsewhere(&at(path), &own_code), "{path}");
            assert!(!is_elsewhere(&at(path), &spell(&["rust"])), "{path}");
        }
        for path in ["src/lib.rs", "packages/node_modules_cache.ts", "gems.rb"] {
            assert!(!is_elsewhere(&at(path), &own_code), "{path}");
        }
    }

    #[test]
    fn without_a_place_all_frames_have_to_lie_elsewhere() {
        let own_code = spell(&["own-code"]);
        let frame =
            |path: &str| Frame { function: None, location: Some(location(path)), text: path.to_owned() };
        let action = frame("/home/runner/work/_actions/acme/till/v1/dist/index.js");
        let only_the_action = Diagnostic { stack_trace: vec![action.clone()], ..Diagnostic::default() };
        assert!(is_elsewhere(&only_the_action, &own_code));
        let through_own_code =
            Diagnostic { stack_trace: vec![action, frame("src/till.js")], ..Diagnostic::default() };
        assert!(!is_elsewhere(&through_own_code, &own_code));
        assert!(!is_elsewhere(&Diagnostic::default(), &own_code), "nothing is known of its place");
    }

    #[test]
    fn the_package_whose_tests_run_is_the_projects_own() {
        let own_code = spell(&["own-code"]);
        let tested = |test: &str| Diagnostic {
            test: Some(test.to_owned()),
            ..at("/env/lib/python3.12/site-packages/pot/lid.py")
        };
        assert!(!is_elsewhere(&tested("pot.tests.test_lid.Lid.test_x"), &own_code));
        assert!(is_elsewhere(&tested("tests/test_lid.py::test_x"), &own_code));
    }

    #[test]
    fn without_frames_the_places_in_the_message_count() {
        let own_code = spell(&["own-code"]);
        let says = |message: &str| Diagnostic { message: message.to_owned(), ..Diagnostic::default() };
        let foreign =
            "Error in till.\nReason: [/home/dev/.cargo/git/checkouts/till-9f01/src/row.rs:59:64] no row";
        assert!(is_elsewhere(&says(foreign), &own_code));
        assert!(is_elsewhere(&says("error in /app/node_modules/till/row.ts(59,64): no row"), &own_code));
        for message in [
            "Reason: [src/row.rs:59:64] no row, called from /home/dev/.cargo/registry/src/till-1.2.0/src/lib.rs:7",
            "no row in /usr/share/till, see https://example.com/vendor/:443",
            "cannot read /home/dev/.cargo/registry/index",
            "error in src/row.ts(59,64): no row",
        ] {
            assert!(!is_elsewhere(&says(message), &own_code), "{message}");
        }
    }

    #[test]
    fn the_failure_of_a_program_is_not_mended_in_the_project() {
        let failed = |tool: &str| Diagnostic { tool: tool.to_owned(), ..Diagnostic::default() };
        assert!(is_elsewhere(&failed("fastlane"), &spell(&["own-code", "ruby"])));
        assert!(!is_elsewhere(&failed("ruby"), &spell(&["own-code", "ruby"])));
    }
}
