//! The literals of an expression: those that a text must contain for a match, and how much of a match
//! the expression itself names.

use regex_syntax::hir::{Class, Hir, HirKind, Literal};

use super::specificity::specificity;

/// Maximum number of literals that a sequence of parts is expanded into.
const MOST: usize = 64;
/// Maximum number of alternatives. The longest pattern has room for fewer that name anything.
pub(super) const ALTERNATIVES: usize = 512;
/// Maximum length of a literal in bytes. A longer one is cut, because a part of it is required just as well.
const LONGEST: usize = 48;
/// Maximum number of characters in a class that is expanded into literals.
const SPELT_OUT: usize = 8;

/// Literals in lower case, at least one of which occurs, in any case, in every match; `None` where they
/// are unknown. Of several such sets, the one whose weakest literal is most specific.
pub(super) fn needles(expression: &Hir) -> Option<Vec<Vec<u8>>> {
    let needles = Part::of(expression).best()?;
    needles.iter().all(|needle| !needle.is_empty()).then_some(needles)
}

/// Minimum specificity, in letters, of a needle for lines that no analyzer read to be searched for it.
pub(super) const DISTINCT: u32 = 8;

/// Returns true if the needles are unknown, or tell little, only because a part has more than [`ALTERNATIVES`].
pub(super) fn has_too_many_alternatives(expression: &Hir) -> bool {
    fn is_too_wide(part: &Hir) -> bool {
        match part.kind() {
            HirKind::Capture(capture) => is_too_wide(&capture.sub),
            HirKind::Repetition(repetition) => repetition.min > 0 && is_too_wide(&repetition.sub),
            HirKind::Concat(parts) => parts.iter().any(is_too_wide),
            HirKind::Alternation(parts) => {
                let texts: Vec<_> = parts.iter().map(|part| Part::of(part).best()).collect();
                let count: usize = texts.iter().flatten().map(Vec::len).sum();
                let is_told = texts.iter().flatten().flatten().all(|text| !text.is_empty());
                texts.iter().all(Option::is_some) && is_told && count > ALTERNATIVES
                    || parts.iter().any(is_too_wide)
            }
            _ => false,
        }
    }
    let is_weak = |needle: &Vec<u8>| specificity(&String::from_utf8_lossy(needle)) < DISTINCT;
    needles(expression).is_none_or(|needles| needles.iter().all(is_weak)) && is_too_wide(expression)
}

/// The literals of a part of an expression.
struct Part {
    /// All texts that the part matches, if there are few.
    exact: Option<Vec<Vec<u8>>>,
    /// Literals one of which occurs in every match of the part.
    needed: Option<Vec<Vec<u8>>>,
}

impl Part {
    fn of(part: &Hir) -> Self {
        match part.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::exact(vec![Vec::new()]),
            HirKind::Literal(Literal(text)) => Self::exact(vec![text.to_ascii_lowercase()]),
            HirKind::Class(class) => spelt_out(class).map_or(Self::unknown(), Self::exact),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Repetition(repetition) => {
                let inner = Self::of(&repetition.sub);
                match (repetition.min, repetition.max) {
                    (1, Some(1)) => inner,
                    (0, Some(1)) => match inner.exact {
                        Some(mut texts) if texts.len() < MOST / 4 => {
                            texts.push(Vec::new());
                            Self::exact(texts)
                        }
                        _ => Self::unknown(),
                    },
                    (0, _) => Self::unknown(),
                    _ => Self { exact: None, needed: inner.best() },
                }
            }
            HirKind::Concat(parts) => Self::sequence(parts),
            HirKind::Alternation(parts) => Self::choice(parts),
        }
    }

    fn unknown() -> Self {
        Self { exact: None, needed: None }
    }

    fn exact(texts: Vec<Vec<u8>>) -> Self {
        Self { exact: Some(texts), needed: None }
    }

    /// The more specific of the two sets.
    fn best(self) -> Option<Vec<Vec<u8>>> {
        better(self.exact, self.needed)
    }

    fn sequence(parts: &[Hir]) -> Self {
        let mut run: Vec<Vec<u8>> = vec![Vec::new()];
        let mut needed = None;
        let mut unbroken = true;
        for part in parts {
            let part = Self::of(part);
            match part.exact {
                Some(texts) if run.len() * texts.len() <= MOST && !is_long(&run) => {
                    run = run.iter().flat_map(|start| texts.iter().map(|end| joined(start, end))).collect();
                }
                exact => {
                    unbroken = false;
                    needed = better(needed, Some(run));
                    needed = better(needed, part.needed);
                    run = exact.unwrap_or_else(|| vec![Vec::new()]);
                }
            }
        }
        if unbroken { Self::exact(run) } else { Self { exact: None, needed: better(needed, Some(run)) } }
    }

    fn choice(parts: &[Hir]) -> Self {
        let mut exact = Some(Vec::new());
        let mut needed = Some(Vec::new());
        for part in parts {
            let part = Self::of(part);
            exact = union(exact, part.exact.clone());
            needed = union(needed, part.best());
        }
        Self { exact, needed }
    }
}

fn joined(start: &[u8], end: &[u8]) -> Vec<u8> {
    [start, end].concat()
}

fn is_long(texts: &[Vec<u8>]) -> bool {
    texts.iter().any(|text| text.len() > LONGEST)
}

fn union(left: Option<Vec<Vec<u8>>>, right: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let (mut all, more) = (left?, right?);
    for text in more {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    (all.len() <= ALTERNATIVES).then_some(all)
}

/// The set whose weakest literal is more specific; the first one if they are equal.
fn better(left: Option<Vec<Vec<u8>>>, right: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    match (left, right) {
        (Some(left), Some(right)) => Some(if worth(&right) > worth(&left) { right } else { left }),
        (left, right) => left.or(right),
    }
}

fn worth(texts: &[Vec<u8>]) -> usize {
    let worth_of = |text: &Vec<u8>| {
        let specificity = specificity(&String::from_utf8_lossy(text)) as usize;
        2 * specificity.min(LONGEST) + text.len().min(LONGEST)
    };
    texts.iter().map(worth_of).min().unwrap_or(0)
}

/// The characters of a small class in lower case, without duplicates. Letters that Unicode folds to an ASCII letter
/// are left out beside that letter: `(?i)k` also matches the kelvin sign, which no log contains.
fn spelt_out(class: &Class) -> Option<Vec<Vec<u8>>> {
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut add = |text: Vec<u8>| {
        if !texts.contains(&text) {
            texts.push(text);
        }
    };
    match class {
        Class::Unicode(class) => {
            let ranges = class.ranges();
            let count: u64 = ranges
                .iter()
                .map(|range| u64::from(u32::from(range.end()) - u32::from(range.start())) + 1)
                .sum();
            if count > 2 * SPELT_OUT as u64 {
                return None;
            }
            let folds = ranges.iter().any(|range| range.start().is_ascii_alphabetic());
            for character in ranges.iter().flat_map(|range| range.start()..=range.end()) {
                if !(folds && matches!(character, '\u{17f}' | '\u{212a}')) {
                    add(character.to_ascii_lowercase().to_string().into_bytes());
                }
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                if usize::from(range.end() - range.start()) > 2 * SPELT_OUT {
                    return None;
                }
                (range.start()..=range.end()).for_each(|byte| add(vec![byte.to_ascii_lowercase()]));
            }
        }
    }
    (1..=SPELT_OUT).contains(&texts.len()).then_some(texts)
}

/// Placeholder in a skeleton for a wildcard.
const ANYTHING: char = '\u{0}';

/// How much of a match the expression itself names: `error: .+` names nothing, however long the match.
pub(super) fn named(expression: &Hir, found: &str) -> u32 {
    skeleton(expression, &found.to_ascii_lowercase()).map_or(0, |text| specificity(&text))
}

/// The literals of a match in order; `None` if the part cannot have taken part in the match.
fn skeleton(part: &Hir, found: &str) -> Option<String> {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(String::new()),
        HirKind::Literal(Literal(text)) => {
            let text = String::from_utf8_lossy(text);
            found.contains(&text.to_ascii_lowercase()).then(|| text.into_owned())
        }
        HirKind::Class(class) => Some(match spelt_out(class) {
            Some(texts) => texts
                .iter()
                .map(|text| String::from_utf8_lossy(text))
                .find(|text| found.contains(text.as_ref()))?
                .into_owned(),
            None => ANYTHING.to_string(),
        }),
        HirKind::Capture(capture) => skeleton(&capture.sub, found),
        HirKind::Repetition(repetition) if repetition.min == 0 => {
            // Single characters do not show whether the optional part was there.
            let optional = matches!(repetition.sub.kind(), HirKind::Class(_)).then(|| ANYTHING.to_string());
            Some(optional.or_else(|| skeleton(&repetition.sub, found)).unwrap_or_default())
        }
        HirKind::Repetition(repetition) => skeleton(&repetition.sub, found),
        HirKind::Concat(parts) => parts.iter().map(|part| skeleton(part, found)).collect(),
        HirKind::Alternation(parts) => {
            parts.iter().filter_map(|part| skeleton(part, found)).max_by_key(|text| specificity(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(source: &str) -> Hir {
        regex_syntax::parse(source).expect(source)
    }

    fn needles_of(source: &str) -> Vec<String> {
        let needles = needles(&parse(source)).unwrap_or_default();
        needles.into_iter().map(|needle| String::from_utf8_lossy(&needle).into_owned()).collect()
    }

    #[test]
    fn every_match_has_one_of_the_needles() {
        for (source, expected) in [
            ("use of moved value: `", vec!["use of moved value: `"]),
            (r"error: .+ is not dyn compatible", vec![" is not dyn compatible"]),
            (r"TS283[45]\b|need explicit", vec!["ts2834", "ts2835", "need explicit"]),
            (r"(?i)Cannot Connect", vec!["cannot connect"]),
            (r"[Ss]hallow update not allowed", vec!["shallow update not allowed"]),
            (r"propert(?:y|ies) of", vec!["property of", "properties of"]),
            (r"runner(?:: \S+)? has lost communication", vec![" has lost communication"]),
            (r"\w+|x", vec![]),
            (r"a*", vec![]),
        ] {
            assert_eq!(needles_of(source), expected, "{source}");
        }
    }

    #[test]
    fn every_alternative_of_a_long_list_is_a_needle() {
        let list = |count: usize| {
            let words: Vec<String> = (0..count).map(|number| format!("{number:03} has no lid")).collect();
            words.join("|")
        };
        assert_eq!(needles_of(&list(65)).len(), 65);
        let in_a_sequence = format!(r"pot \d+: (?:{}), boiling", list(70));
        assert!(!needles_of(&in_a_sequence).is_empty());
        let longest = list(super::super::ErrorPattern::MAXIMUM_LENGTH / list(1).len());
        assert!(needles_of(&longest).len() > 200);
    }

    #[test]
    fn too_many_alternatives_are_no_needles() {
        let list = |count: usize| {
            let words: Vec<String> = (0..count).map(|number| format!("{number:03}x")).collect();
            words.join("|")
        };
        for (source, expected) in [
            (list(512), false),
            (list(513), true),
            (format!(r"\w+ (?:{})", list(600)), true),
            (format!(r"the kettle is without its cover (?:{})", list(600)), false),
            (format!(r"(?:{}|\w+)", list(600)), false),
            (r"\w+ \d+".to_owned(), false),
        ] {
            assert_eq!(has_too_many_alternatives(&parse(&source)), expected, "{source}");
        }
    }

    #[test]
    fn only_what_the_expression_names_counts() {
        let named = |source: &str, found: &str| named(&parse(source), found);
        assert_eq!(named("error: .+", "error: the sky is falling down today"), 1);
        assert_eq!(named("import cycle not allowed", "import cycle not allowed"), 18);
        assert_eq!(named(r"TS(?:2531|2532)\b|Object is possibly null", "TS2532"), 12);
        assert_eq!(named(r"cannot borrow .+ as mutable", "cannot borrow `long_name` as mutable"), 16);
        let groups = r"Could not find (?:com|org|edu|androidx?|kotlin)[\w.-]*:[\w.-]+:[\w.+-]+\.(?:\s|$)|Could not resolve";
        assert_eq!(named(groups, "Could not find com.shop:pricing-core:4.2.0."), 8);
        assert!(
            named(r"(?i)cannot connect to the docker daemon", "Cannot connect to the Docker daemon") >= 19
        );
    }

    proptest! {
        #[test]
        fn no_match_is_without_a_needle(source in r"(?:\(\?i\))?[ab]{1,3}[(|\[][abc|]{1,4}[)\]][?*+]?[abz.]{0,3}", text in "[abczABCZ]{0,12}") {
            let Ok(regex) = regex::Regex::new(&source) else { return Ok(()) };
            if let (Some(needles), Some(found)) = (needles(&parse(&source)), regex.find(&text)) {
                let found = found.as_str().to_ascii_lowercase();
                let has = |needle: &Vec<u8>| memchr::memmem::find(found.as_bytes(), needle).is_some();
                prop_assert!(needles.iter().any(has), "{} in {}: {:?}", source, text, needles);
            }
        }
    }
}
