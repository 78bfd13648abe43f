//! `cases/*.md`: the golden cases in a plugin's folder.

use std::path::{Path, PathBuf};

use grimoire_ports::PortError;

pub use grimoire_cases::{Case, Input, Outcome, difference, run};
pub(crate) use grimoire_cases::{candidate, parse, spell};

use crate::manifest::World;
use crate::{file_error, invalid, read_text, write};

/// The files of a folder with cases, by name; or the one file.
///
/// # Errors
///
/// If the folder cannot be read.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, PortError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| file_error(path, "read", error))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    Ok(files)
}

/// Reads the cases of a folder, or of one file.
///
/// # Errors
///
/// `NotFound` for a missing file; `Invalid` if there is no case or one cannot be parsed, with its file and line.
pub fn read(path: &Path, world: World) -> Result<Vec<Case>, PortError> {
    let mut cases = Vec::new();
    for file in files(path)? {
        let text = read_text(&file)?;
        cases.extend(parse(&file, &text, world).map_err(invalid)?);
    }
    if cases.is_empty() {
        return Err(invalid(format!(
            "{} has no case: a case is a block of {} and one of `expected` in a file *.md",
            path.display(),
            match world {
                World::Analyzer => "`log`",
                World::Matcher => "`error`, one of `spells`",
                World::Embedder => "`texts`",
            }
        )));
    }
    Ok(cases)
}

/// Accepts answers: writes them into the files of their cases as the new expectations.
///
/// # Errors
///
/// If a file cannot be written, or has changed since it was read.
pub fn bless(answers: &[(&Case, &str)]) -> Result<(), PortError> {
    let mut files: Vec<&Path> = answers.iter().map(|(case, _)| case.file.as_path()).collect();
    files.dedup();
    for file in files {
        let mut text = read_text(file)?;
        // From the end, so that earlier byte ranges stay valid.
        for (case, answer) in answers.iter().rev().filter(|(case, _)| case.file == file) {
            if text.get(case.place.clone()) != Some(case.expected.as_str()) {
                return Err(invalid(format!("{} has changed meanwhile: run it again", file.display())));
            }
            text.replace_range(case.place.clone(), answer);
        }
        write(file, text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_take_the_place_of_expectations() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.md");
        let text = "```log\na\n```\n```expected\n```\nand\n```log\nb\n```\n```expected\nold\n```\n";
        std::fs::write(&file, text).expect("written");
        let cases = read(&file, World::Analyzer).expect("cases");
        bless(&[(&cases[0], "new\nlines\n"), (&cases[1], "")]).expect("written");
        let now = std::fs::read_to_string(&file).expect("text");
        assert_eq!(
            now,
            "```log\na\n```\n```expected\nnew\nlines\n```\nand\n```log\nb\n```\n```expected\n```\n"
        );
        assert!(bless(&[(&cases[1], "")]).expect_err("stale").to_string().contains("has changed"));
    }
}
