//! Tables: PSScriptAnalyzer's, whose column widths follow the headings, and Psalm's with bars.
//!
//! ```text
//! FILE: src/Brew.php
//! | SEVERITY | LINE | ISSUE           | DESCRIPTION                        |
//! | ERROR    | 14   | UndefinedMethod | Method Kettle::pour does not exist |
//!
//! RuleName                            Severity     ScriptName Line  Message
//! --------                            --------     ---------- ----  -------
//! PSAvoidUsingCmdletAliases           Warning      brew.ps1   14    'cls' is an alias of 'Clear-Host'. Alias can
//!                                                                   introduce possible problems.
//! ```

use crate::finding::{lint, severity};
use grimoire_plugin_sdk::{
    Diagnostic, Location,
    recognise::panel::{Reader, Seen},
};

/// Reads the table.
#[derive(Debug, Default)]
pub(crate) struct ScriptAnalyzer {
    /// The offsets of the columns `Severity`, `ScriptName`, `Line` and `Message`.
    columns: Option<[usize; 4]>,
    open: Option<Diagnostic>,
}

impl ScriptAnalyzer {
    fn close(&mut self, out: &mut Vec<Diagnostic>) {
        out.extend(self.open.take());
    }
}

impl Reader for ScriptAnalyzer {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if line.start.starts_with("RuleName ") {
            self.close(out);
            let at = |name: &str| line.text.find(name);
            self.columns = (|| {
                Some([at(" Severity")? + 1, at(" ScriptName")? + 1, at(" Line")? + 1, at(" Message")? + 1])
            })();
            return;
        }
        let Some(columns) = self.columns else { return };
        if line.start.is_empty() {
            self.close(out);
            return;
        }
        let [_, _, _, message] = columns;
        if let Some(found) = row(columns, line) {
            self.close(out);
            self.open = Some(found);
        } else if let (Some(found), Some(rest)) = (&mut self.open, line.text.get(message..))
            && line.text.get(..message).is_some_and(|before| before.trim_end().len() < 40)
            && found.message.len() < 2000
        {
            found.message.push(' ');
            found.message.push_str(rest.trim());
            found.span = found.span.to(line.span);
        } else if !line.start.starts_with('-') && line.text.len() > 40 {
            self.close(out);
            self.columns = None;
        }
    }

    fn open(&self) -> Option<u64> {
        self.open.as_ref().map(|found| found.span.start)
    }

    fn finish(&mut self, out: &mut Vec<Diagnostic>) {
        self.close(out);
        self.columns = None;
    }
}

fn row([word, script, number, message]: [usize; 4], line: &Seen<'_>) -> Option<Diagnostic> {
    let cell = |from: usize, to: usize| line.text.get(from..to).map(str::trim);
    let rule = cell(0, word)?;
    let severity = severity(cell(word, script)?)?;
    let place = Location::at(cell(script, number)?, cell(number, message)?.parse().ok()?, None);
    let is_rule = !rule.is_empty() && rule.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_rule.then(|| {
        lint("psscriptanalyzer", severity, rule, line.text.get(message..).unwrap_or_default(), place, line)
    })
}

/// Reads Psalm's compact report.
#[derive(Debug, Default)]
pub(crate) struct Psalm {
    path: Option<String>,
    begun: bool,
}

impl Reader for Psalm {
    fn line(&mut self, line: &Seen<'_>, out: &mut Vec<Diagnostic>) {
        if let Some(path) = line.start.strip_prefix("FILE: ") {
            *self = Self { path: Some(path.trim().to_owned()), begun: false };
            return;
        }
        let Some(path) = self.path.as_deref().filter(|_| line.start.starts_with('|')) else { return };
        let mut cells = line.start.trim_matches('|').splitn(4, '|').map(str::trim);
        let (Some(word), Some(number), Some(rule), Some(message)) =
            (cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return;
        };
        if word == "SEVERITY" {
            self.begun = true;
        } else if let (true, Some(severity), Ok(number)) = (self.begun, severity(word), number.parse()) {
            out.push(lint("psalm", severity, rule, message, Location::at(path, number, None), line));
        }
    }
}
