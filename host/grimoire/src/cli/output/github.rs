//! Workflow commands, which GitHub Actions shows as annotations.

use std::io::{self, Write};

use grimoire_domain::diagnostic::{Role, Severity};
use grimoire_domain::review::Diagnosis;
use grimoire_domain::text::displayable;

use super::{kind_of_help, label};

/// Writes one command for each cause and warning; consequences would only hide the causes.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    for error in diagnosis.errors.iter().filter(|error| error.diagnostic.role != Role::Consequence) {
        let diagnostic = &error.diagnostic;
        let command = match diagnostic.severity {
            Severity::Error | Severity::Fatal => "error",
            Severity::Warning => "warning",
            Severity::Info | Severity::Hint => "notice",
        };
        let mut properties = Vec::new();
        if let Some(location) = &diagnostic.location {
            properties.push(format!("file={}", property(&location.path)));
            if let Some(start) = location.start {
                properties.push(format!("line={}", start.line));
                properties.extend(start.column.map(|column| format!("col={column}")));
            }
            if let Some(end) = location.end {
                properties.push(format!("endLine={}", end.line));
            }
        }
        let title = match label(diagnostic) {
            Some(label) => format!("{} {label}", diagnostic.tool),
            None => diagnostic.tool.clone(),
        };
        properties.push(format!("title={}", property(&title)));
        let mut message = diagnostic.message.clone();
        for spell in &error.spells {
            let kind = kind_of_help(spell);
            message.push_str(&format!("\n\n{kind}: {}\n{}", spell.title, spell.solution_code));
        }
        writeln!(output, "::{command} {}::{}", properties.join(","), data(&message))?;
    }
    Ok(())
}

/// Escapes text for a command's message: a log line must not be able to start another command.
fn data(text: &str) -> String {
    displayable(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes text for a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_message_cannot_start_another_command() {
        assert_eq!(data("a\n::set-output name=x::y%"), "a%0A::set-output name=x::y%25");
        assert_eq!(property("a,line=1:b\n"), "a%2Cline=1%3Ab%0A");
    }
}
