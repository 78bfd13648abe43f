//! The shortest text that contains the cause: for a ticket, or an agent with a small context window.

use std::io::{self, Write};

use grimoire_domain::diagnostic::{Confidence, Diagnostic};
use grimoire_domain::review::Diagnosis;
use grimoire_domain::text::{cut, displayable};
use grimoire_pipeline::fold;

use super::label;

/// The maximum length of an excerpt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct Budget {
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes: 4_000 }
    }
}

impl Budget {
    /// Average number of bytes of a language model's token in logs and code.
    const BYTES_OF_A_TOKEN: usize = 4;
    /// The smallest budget that can hold a message.
    const LEAST: usize = 80;

    /// `4000` characters, or `1000t` tokens.
    pub(in crate::cli) fn parse(text: &str) -> Result<Self, String> {
        let (digits, unit) = match text.strip_suffix('t') {
            Some(digits) => (digits, Self::BYTES_OF_A_TOKEN),
            None => (text, 1),
        };
        let bytes = digits.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
        match bytes {
            Some(bytes) if bytes >= Self::LEAST => Ok(Self { bytes }),
            Some(_) => Err(format!("must be at least {} characters", Self::LEAST)),
            None => {
                Err("must be a number of characters, or of tokens with a `t` behind it: 4000, 1000t"
                    .to_owned())
            }
        }
    }
}

/// Writes the causes in order, each with its place and surrounding lines, within the budget: first every
/// headline, then context, that of the first cause before that of the next.
pub(super) fn write(output: &mut impl Write, diagnosis: &Diagnosis, budget: Budget) -> io::Result<()> {
    let folded = fold(diagnosis);
    let causes: Vec<&Diagnostic> =
        folded.groups.iter().flat_map(|group| &group.errors).map(|error| &error.diagnostic).collect();
    let mut left = budget.bytes;
    let mut parts: Vec<(String, String)> = Vec::new();
    for diagnostic in &causes {
        let headline = headline(diagnostic);
        if headline.len() > left && !parts.is_empty() {
            break;
        }
        let headline = cut(&headline, left).to_owned();
        left -= headline.len();
        parts.push((headline, String::new()));
    }
    let told = parts.len();
    for ((_, context), diagnostic) in parts.iter_mut().zip(&causes) {
        for line in displayable(&diagnostic.context).lines() {
            let cost = line.len() + 3;
            if cost > left {
                break;
            }
            left -= cost;
            context.push_str(&format!("  {line}\n"));
        }
    }
    for (headline, context) in parts {
        write!(output, "{headline}{context}")?;
    }
    let more = causes.len() - told;
    if more > 0 {
        writeln!(output, "… and {more} more")?;
    }
    Ok(())
}

fn headline(diagnostic: &Diagnostic) -> String {
    let mut line = String::new();
    if let Some(place) = &diagnostic.location {
        line.push_str(&displayable(&place.to_string()));
        line.push_str(": ");
    }
    line.push_str(if diagnostic.confidence == Confidence::Guess {
        "guess"
    } else {
        diagnostic.severity.as_str()
    });
    if let Some(label) = label(diagnostic) {
        line.push_str(&format!("[{}]", displayable(label)));
    }
    line.push_str(&format!(": {} ({}", displayable(&diagnostic.message), displayable(&diagnostic.tool)));
    if let Some(test) = &diagnostic.test {
        line.push_str(&format!(", test {}", displayable(test)));
    }
    line.push_str(")\n");
    line
}

#[cfg(test)]
mod tests {
    use grimoire_domain::review::DiagnosedError;

    use super::*;

    fn excerpt(budget: &str) -> String {
        let error = |message: &str, context: &str| DiagnosedError {
            artifact: String::new(),
            diagnostic: Diagnostic {
                tool: "kettle".to_owned(),
                message: message.to_owned(),
                context: context.to_owned(),
                ..Diagnostic::default()
            },
            count: 1,
            spells: Vec::new(),
        };
        let errors = vec![error("no water", "line one\nline two"), error("no lid", &"x".repeat(500))];
        let diagnosis = Diagnosis { errors, ..Diagnosis::default() };
        let mut output = Vec::new();
        write(&mut output, &diagnosis, Budget::parse(budget).expect("a budget")).expect("memory takes it");
        String::from_utf8(output).expect("text")
    }

    #[test]
    fn the_headlines_come_before_any_context_and_the_budget_is_kept() {
        assert_eq!(
            excerpt("90"),
            "error: no water (kettle)\n  line one\n  line two\nerror: no lid (kettle)\n"
        );
        assert!(excerpt("1000").len() <= 1000);
        assert!(excerpt("250t").contains("xxx"));
    }

    #[test]
    fn a_budget_is_a_number_of_characters_or_tokens() {
        assert_eq!(Budget::parse("1000t"), Budget::parse("4000"));
        assert!(Budget::parse("many").is_err());
        assert!(Budget::parse("3").is_err());
    }
}
