//! JUnit's XML: every error is a failed test, so that viewers of test reports show errors and their fixes.

use std::io::{self, Write};

use grimoire_domain::diagnostic::Role;
use grimoire_domain::review::{DiagnosedError, Diagnosis};
use grimoire_domain::text::displayable;

use super::{label, message_with_fixes, relative};

/// Writes one test suite with the causes and warnings.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis) -> io::Result<()> {
    let errors: Vec<&DiagnosedError> =
        diagnosis.errors.iter().filter(|error| error.diagnostic.role != Role::Consequence).collect();
    let count = errors.len();
    writeln!(output, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(output, "<testsuites tests=\"{count}\" failures=\"{count}\">")?;
    writeln!(output, "  <testsuite name=\"grimoire\" tests=\"{count}\" failures=\"{count}\">")?;
    for error in errors {
        case(output, error)?;
    }
    writeln!(output, "  </testsuite>\n</testsuites>")
}

fn case(output: &mut impl Write, error: &DiagnosedError) -> io::Result<()> {
    let diagnostic = &error.diagnostic;
    let message = diagnostic.message.lines().next().unwrap_or_default();
    let name = diagnostic.test.as_deref().or(label(diagnostic)).unwrap_or(message);
    let kind = label(diagnostic).unwrap_or(diagnostic.severity.as_str());
    write!(output, "    <testcase classname=\"{}\" name=\"{}\"", escaped(&diagnostic.tool), escaped(name))?;
    if let Some(location) = &diagnostic.location {
        write!(output, " file=\"{}\"", escaped(relative(&location.path)))?;
        if let Some(start) = location.start {
            write!(output, " line=\"{}\"", start.line)?;
        }
    }
    writeln!(output, ">")?;
    let at = diagnostic.location.as_ref().map(|place| format!("{place}\n")).unwrap_or_default();
    writeln!(
        output,
        "      <failure type=\"{}\" message=\"{}\">{}</failure>",
        escaped(kind),
        escaped(message),
        escaped(&format!("{at}{}", message_with_fixes(error)))
    )?;
    writeln!(output, "    </testcase>")
}

/// Escapes text for XML. Characters that XML lacks are not displayable either.
fn escaped(text: &str) -> String {
    displayable(text).chars().filter(|character| is_in_xml(*character)).fold(
        String::with_capacity(text.len()),
        |mut escaped, character| {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                other => escaped.push(other),
            }
            escaped
        },
    )
}

/// The characters of XML 1.0.
fn is_in_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_message_stays_text() {
        let text = escaped("]]></failure><testcase name=\"x\"/>&amp;\u{1b}[0m\u{0}\u{ffff}");
        assert!(!text.contains(['<', '>', '"', '\u{1b}', '\u{0}', '\u{ffff}']), "{text}");
        assert!(text.starts_with("]]&gt;&lt;/failure&gt;"), "{text}");
        assert!(text.contains("&amp;amp;"), "{text}");
    }
}
