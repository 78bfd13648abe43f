//! Editing a spell in the user's editor.

use std::io::{IsTerminal as _, Write as _};
use std::process::Command;

use anyhow::Context as _;
use grimoire_domain::spell::SpellFields;

use crate::console::complain;
use crate::exit::{Exit, Reported};

/// The initial text of a new spell.
pub(super) const TEMPLATE: &str = "\
# A spell. Lines that begin with # say nothing.
# key: a-stable-name
title: \"\"
# Why the error happens and how to recognise it.
description: |
  …
# The exception type, code or category: E0382, TypeError, dependency.
error_type: \"\"
# A regular expression that the error's message matches.
error_pattern: ''
# covers_code: true    # when the fix helps with every error of the error type
solution_code: |
  …
tags: []
# Texts that the pattern must and must not match.
samples:
  must_match: []
  must_not_match: []
";

/// Opens the editor on a text until the result is a spell that `check` accepts, or the editor is closed without a
/// change.
pub(super) fn edit(
    mut text: String,
    check: &dyn Fn(&SpellFields) -> anyhow::Result<()>,
) -> anyhow::Result<SpellFields> {
    if !std::io::stdin().is_terminal() {
        let message = "there is no terminal for an editor: name a file, or `-` for standard input";
        return Err(Reported(Exit::Usage, message.to_owned()).into());
    }
    let mut file = tempfile::Builder::new().prefix("spell-").suffix(".yaml").tempfile()?;
    file.write_all(text.as_bytes())?;
    loop {
        open(file.path())?;
        let written = std::fs::read_to_string(file.path()).context("the edited spell cannot be read")?;
        let problem = match grimoire_pipeline::parse_spell(&written) {
            Ok(fields) => match check(&fields) {
                Ok(()) => return Ok(fields),
                Err(problem) => problem,
            },
            Err(problem) => problem.into(),
        };
        if written == text {
            return Err(Reported(Exit::Data, format!("{problem:#}")).into());
        }
        complain(format_args!("{problem:#}\nThe editor opens again; leave it without a change to give up."));
        text = written;
    }
}

fn open(path: &std::path::Path) -> anyhow::Result<()> {
    let editor = ["VISUAL", "EDITOR"].iter().find_map(std::env::var_os).unwrap_or_else(|| "vi".into());
    // The variable may contain options: `code --wait`.
    let editor = editor.to_string_lossy().into_owned();
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = Command::new(program)
        .args(words)
        .arg(path)
        .status()
        .with_context(|| format!("the editor {program:?} cannot be started: EDITOR names another"))?;
    if !status.success() {
        return Err(Reported(Exit::Usage, format!("the editor {program:?} ended with {status}")).into());
    }
    Ok(())
}
