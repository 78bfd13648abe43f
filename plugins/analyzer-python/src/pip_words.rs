//! The meaning of pip's sentences.

use grimoire_plugin_sdk::text::{Needle, leading_number};
use grimoire_plugin_sdk::{Kind, Location};

/// Maximum length of a list of a package's versions, in bytes.
const LISTED: usize = 300;

/// Starts of errors after `ERROR: `, with the category of each.
const SENTENCES: &[(&str, &str, Kind)] = &[
    ("Could not find a version that satisfies the requirement", "requirement-not-found", Kind::Dependency),
    ("No matching distribution found for", "requirement-not-found", Kind::Dependency),
    ("Could not find a version that matches", "requirement-not-found", Kind::Dependency),
    ("Cannot install ", "resolution-impossible", Kind::Dependency),
    ("ResolutionImpossible", "resolution-impossible", Kind::Dependency),
    ("Could not open requirements file", "requirements-file", Kind::Configuration),
    ("Could not open constraint file", "requirements-file", Kind::Configuration),
    ("Could not install packages due to", "install", Kind::Dependency),
    ("Could not install requirement", "install", Kind::Dependency),
    ("Could not detect requirement name", "invalid-requirement", Kind::Configuration),
    ("Could not find an activated virtualenv", "virtualenv", Kind::Configuration),
    ("Invalid requirement", "invalid-requirement", Kind::Configuration),
    ("Double requirement given", "invalid-requirement", Kind::Configuration),
    ("Constraints cannot have extras", "invalid-requirement", Kind::Configuration),
    ("You must give at least one requirement", "usage", Kind::Configuration),
    ("THESE PACKAGES DO NOT MATCH THE HASHES", "hash-mismatch", Kind::Dependency),
    ("Hashes are required in --require-hashes mode", "hash-mismatch", Kind::Dependency),
    ("In --require-hashes mode", "hash-mismatch", Kind::Dependency),
    ("Can't verify hashes for", "hash-mismatch", Kind::Dependency),
    ("pip's dependency resolver does not currently", "dependency-conflict", Kind::Dependency),
    ("Directory '", "not-installable", Kind::Configuration),
    ("File \"setup.py\"", "not-installable", Kind::Configuration),
    ("Project file:", "not-installable", Kind::Configuration),
    ("Cannot uninstall ", "uninstall", Kind::Dependency),
    ("Cannot find command 'git'", "command-not-found", Kind::Configuration),
    ("unknown command \"", "usage", Kind::Configuration),
    ("HTTP error ", "http", Kind::Network),
    ("No .egg-info directory found", "build", Kind::Dependency),
    ("Wheel '", "invalid-wheel", Kind::Dependency),
    ("Failed to build wheel", "build", Kind::Dependency),
    ("To modify pip, please run", "usage", Kind::Configuration),
];

/// The category of an error according to its words.
pub(crate) fn kind_of(message: &str) -> Option<(&'static str, Kind)> {
    if message.starts_with("Package '") && message.contains("requires a different Python") {
        return Some(("requires-python", Kind::Dependency));
    }
    if message.contains(".whl is not a supported wheel on this platform") {
        return Some(("unsupported-wheel", Kind::Dependency));
    }
    let (_, error_type, kind) = SENTENCES.iter().find(|(start, ..)| message.starts_with(start))?;
    let holds = match *error_type {
        "not-installable" => {
            message.contains("is not installable")
                || message.contains("not found. Directory cannot be installed")
                || message.contains("build backend is missing")
        }
        "invalid-wheel" => message.contains("is invalid"),
        "resolution-impossible" => message.starts_with("Res") || message.contains("conflicting dependencies"),
        _ => true,
    };
    holds.then_some((error_type, *kind))
}

/// Returns true if a line repeats that a build failed.
pub(crate) fn closes_a_build(message: &str) -> bool {
    // The first generations repeat the command.
    let is_command = message.starts_with("Command \"") && message.contains("\" failed with error code ");
    let closes = [
        "Failed building wheel for ",
        "Could not build wheels for ",
        "Failed to build installable wheels for ",
        "Failed to build one or more wheels",
        "Command errored out with exit status ",
        "Failed cleaning build dir for ",
    ];
    is_command || closes.iter().any(|start| message.starts_with(start))
}

/// `lidlib requires Python '>=3.6' but the running Python is 2.7.17` of old pip.
pub(crate) fn demands_python(text: &str) -> bool {
    static RUNNING: Needle = Needle::new(" but the running Python is ");
    text.ends_with(|c: char| c.is_ascii_digit()) && RUNNING.find(text).is_some()
}

/// Returns true if a closing line names the package.
pub(crate) fn names_a_package(message: &str) -> bool {
    message.contains(" for ") || message.contains("setup.py")
}

/// Returns true if a word is one of pip's error names: `metadata-generation-failed`.
pub(crate) fn is_slug(word: &str) -> bool {
    word.matches('-').count() >= 2
        && word.len() < 60
        && !word.starts_with('-')
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// `(from -r requirements.txt (line 3))`, `(from line 3 of requirements.txt)`: the location in the user's file.
pub(crate) fn place(message: &str) -> Option<Location> {
    if let Some((_, rest)) = message.split_once("-r ")
        && let Some((path, rest)) = rest.split_once(" (line ")
        && !path.contains(' ')
    {
        return Some(Location::at(path, leading_number(rest)?.0, None));
    }
    let (_, rest) = message.split_once("(from line ")?;
    let (line, rest) = leading_number(rest)?;
    let path = rest.strip_prefix(" of ")?.split(')').next()?;
    Some(Location::at(path, line, None))
}

/// A message without the middle of a long list of versions.
pub(crate) fn shortened(message: &str) -> String {
    let Some((before, versions)) = message.split_once("(from versions: ") else { return message.to_owned() };
    if versions.len() <= LISTED {
        return message.to_owned();
    }
    let last: Vec<&str> = versions.rsplit(", ").take(12).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    format!("{before}(from versions: …, {}", last.join(", "))
}

/// Returns true if a line of a build's output may be the reason for its failure: words, not a command, a path or a
/// remark.
pub(crate) fn is_sentence(text: &str) -> bool {
    let words = text.split(' ').filter(|word| word.bytes().all(|byte| byte.is_ascii_alphabetic())).count();
    let is_remark =
        ["note: ", "hint: ", "warning: ", "running ", "copying ", "creating ", "building ", "writing "]
            .iter()
            .any(|start| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start)));
    words >= 3 && words * 2 > text.split(' ').count() && !is_remark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_requirement_files() {
        let at = |text| place(text).map(|place| (place.path.clone(), place.line()));
        assert_eq!(
            at("x==1 (from -r req/dev.txt (line 3)) (from versions: none)"),
            Some(("req/dev.txt".into(), Some(3)))
        );
        assert_eq!(at("Invalid requirement: 'x=1' (from line 2 of r.txt)"), Some(("r.txt".into(), Some(2))));
        assert_eq!(at("x==1"), None);
    }
}
