//! Rules for open facts.

use std::collections::BTreeSet;

use grimoire_domain::diagnostic::Facts;

use super::text::check_text;
use super::{Broken, bounds};

/// Checks the number of facts, their names and their values.
pub(super) fn check_facts(facts: &Facts) -> Result<(), Broken> {
    if facts.len() > bounds::FACTS {
        return Err(format!("facts: has {}, may have at most {}", facts.len(), bounds::FACTS));
    }
    let mut seen = BTreeSet::new();
    for (index, (name, value)) in facts.iter().enumerate() {
        if !is_fact_name(name) {
            return Err(format!(
                "facts[{index}]: its name must have 1 to {} bytes: words of lower-case letters and digits, joined by \
                 . or -",
                bounds::FACT_NAME
            ));
        }
        if !seen.insert(name) {
            return Err(format!("facts[{index}]: its name was used before"));
        }
        check_text(&format!("facts[{index}]"), value, bounds::FACT_VALUE)?;
    }
    Ok(())
}

/// Words that begin with a letter, joined by single `.` or `-`.
pub(crate) fn is_fact_name(name: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.len() <= bounds::FACT_NAME && name.split(['.', '-']).all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(facts: &[(&str, &str)]) -> Facts {
        facts.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn facts_as_documented_pass() {
        let full: Facts = (0..32).map(|number| (format!("n{number}"), "v".repeat(1_024))).collect();
        for facts in [facts(&[]), facts(&[("test.suite-name", "a\nb\t🫖"), ("x", "")]), full] {
            assert_eq!(check_facts(&facts), Ok(()));
        }
        assert!(is_fact_name(&"a".repeat(64)));
    }

    #[test]
    fn every_bound_is_named() {
        let broken = |facts: Facts| check_facts(&facts).expect_err("refused");
        for name in ["", "A", "a b", "a.", ".a", "a--b", "a_b", "1a", "a.1", "ä", &"a".repeat(65)] {
            let message = broken(facts(&[("a", ""), (name, "")]));
            assert!(message.starts_with("facts[1]: its name must have"), "{name}: {message}");
        }
        assert_eq!(broken(facts(&[("a", ""), ("a", "")])), "facts[1]: its name was used before");
        assert_eq!(
            broken(facts(&[("a", &"v".repeat(1_025))])),
            "facts[0]: has 1025 bytes, may have at most 1024"
        );
        assert_eq!(
            broken(facts(&[("a", "\u{1b}[m")])),
            "facts[0]: has the control character U+001B at byte 0"
        );
        let many: Facts = (0..33).map(|number| (format!("n{number}"), String::new())).collect();
        assert_eq!(broken(many), "facts: has 33, may have at most 32");
    }
}
