//! Makes text inert for build servers. They read the standard output of a CI job for commands: a log that Grimoire
//! quotes must not be able to set an output, mask a word or register a problem matcher.

use std::io::{self, Write};

use anstream::adapter::strip_str;
use grimoire_domain::text::displayable;

/// Commands of GitHub Actions, which stand between `::` and `::` at the start of a line.
const COMMANDS: [&str; 15] = [
    "add-mask",
    "add-matcher",
    "add-path",
    "debug",
    "echo",
    "endgroup",
    "error",
    "group",
    "notice",
    "remove-matcher",
    "save-state",
    "set-env",
    "set-output",
    "stop-commands",
    "warning",
];
/// The starts of commands anywhere in a line: those of GitHub's older form, Azure Pipelines and TeamCity.
const ANYWHERE: [&str; 3] = ["##[", "##vso[", "##teamcity["];

/// Passes on the output of `write` line by line, with a space in each command that a build server would obey.
pub(crate) fn inert<W: Write>(
    output: &mut W,
    write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let mut text = Vec::new();
    write(&mut text)?;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        match std::str::from_utf8(line).ok().and_then(inert_line) {
            Some(line) => output.write_all(line.as_bytes())?,
            None => output.write_all(line)?,
        }
    }
    Ok(())
}

/// Words of others as one text that steers no terminal and commands no build server.
pub(crate) fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for line in displayable(text).split_inclusive('\n') {
        harmless.push_str(inert_line(line).as_deref().unwrap_or(line));
    }
    harmless
}

/// The inert form of a line; `None` if the line contains no command.
fn inert_line(line: &str) -> Option<String> {
    let printed = strip_str(line).to_string();
    let opens = opens_command(&printed);
    if !opens && !ANYWHERE.iter().any(|start| contains_ignoring_case(line, start)) {
        return None;
    }
    let mut inert = line.to_owned();
    // One pass is not enough: `###` would still contain `##`.
    while inert.contains("##") {
        inert = inert.replace("##", "# #");
    }
    if opens {
        inert = inert.replacen("::", ": :", 1);
    }
    Some(inert)
}

/// `::name::` or `::name properties::`, after spaces.
fn opens_command(line: &str) -> bool {
    let Some(command) = line.trim_start().strip_prefix("::") else { return false };
    let Some((head, _)) = command.split_once("::") else { return false };
    let name = head.split(' ').next().unwrap_or_default();
    COMMANDS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn contains_ignoring_case(line: &str, part: &str) -> bool {
    line.as_bytes().windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn printed(text: &str) -> String {
        let mut output = Vec::new();
        inert(&mut output, |line| line.write_all(text.as_bytes())).expect("memory takes everything");
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn what_a_runner_would_obey_it_does_not() {
        assert_eq!(printed("a\n  ::set-output name=x::y\nb"), "a\n  : :set-output name=x::y\nb");
        assert_eq!(printed("\u{1b}[2m::add-mask::e\u{1b}[0m"), "\u{1b}[2m: :add-mask::e\u{1b}[0m");
        assert_eq!(printed("said ##[add-mask]e"), "said # #[add-mask]e");
        assert_eq!(printed("###[add-mask]e"), "# # #[add-mask]e");
        assert_eq!(printed("##VSO[task.setvariable variable=x]y"), "# #VSO[task.setvariable variable=x]y");
    }

    proptest! {
        #[test]
        fn no_line_is_a_command(
            pieces in proptest::collection::vec(
                prop_oneof![
                    prop::sample::select(vec!["#", "##", "[", "##[", "##vso[", "::", "add-mask", "error", " ", "\n", "x"])
                        .prop_map(str::to_owned),
                    any::<String>(),
                ],
                0..12,
            ),
        ) {
            for line in printed(&pieces.concat()).split('\n') {
                prop_assert!(inert_line(line).is_none(), "{line:?}");
            }
        }
    }

    #[test]
    fn words_of_others_are_harmless() {
        let words = "no.log\n::error::x\u{1b}]0;title\u{7}\u{202e}";
        assert_eq!(harmless(words), "no.log\n: :error::x]0;title");
        assert_eq!(harmless("two\nlines\n"), "two\nlines\n");
    }

    #[test]
    fn code_stays_as_it_is() {
        let code = "::testing::InitGoogleTest(&argc, argv);\n## Heading\nfoo::error::bar\n";
        assert_eq!(printed(code), code);
    }
}
