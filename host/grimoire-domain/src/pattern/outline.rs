//! Properties of an expression that are known without compiling it, which would take a hundred times longer.

use regex_syntax::ast::{self, Ast, ClassSetItem};
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::translate::Translator;
use regex_syntax::hir::{Class, ClassUnicodeRange, Hir, HirKind, Look, Repetition};

use super::engine::{Engine, TooLarge};
use super::literals;

/// Maximum nesting depth of groups.
const NEST_LIMIT: u32 = 100;
/// Maximum number of Unicode classes. To ignore the case of one takes up to a fifth of a millisecond.
const MAXIMUM_UNICODE_CLASSES: usize = 32;
/// Maximum number of possible beginnings or ends; looking for more is not worth the time.
const MAXIMUM_LITERALS: usize = 32;

/// A parsed expression.
#[derive(Debug)]
pub(super) struct Outline(Hir);

impl Outline {
    /// Parses an expression; `None` if it is invalid.
    pub(super) fn of(source: &str) -> Option<Self> {
        Self::parse(source).ok()
    }

    /// Parses an expression; the error is a short description of what is wrong.
    pub(super) fn parse(source: &str) -> Result<Self, String> {
        let parsed = ast::parse::ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(source);
        let parsed = parsed.map_err(|error| error.kind().to_string())?;
        ast::visit(&parsed, UnicodeClasses(0))?;
        Translator::new().translate(source, &parsed).map(Self).map_err(|error| error.kind().to_string())
    }

    /// Compiles the automaton; `limit` is the maximum size in bytes.
    pub(super) fn compile(&self, limit: usize) -> Result<Engine, TooLarge> {
        Engine::new(&self.0, limit)
    }

    /// Literals one of which begins every match, if they are few and none is empty.
    pub(super) fn starts(&self) -> Option<Vec<Vec<u8>>> {
        self.literals(ExtractKind::Prefix)
    }

    /// The same for its end.
    pub(super) fn ends(&self) -> Option<Vec<Vec<u8>>> {
        self.literals(ExtractKind::Suffix)
    }

    fn literals(&self, kind: ExtractKind) -> Option<Vec<Vec<u8>>> {
        let sequence = Extractor::new().kind(kind).extract(&self.0);
        let literals: Vec<Vec<u8>> =
            sequence.literals()?.iter().map(|literal| literal.as_bytes().to_vec()).collect();
        let useful = (1..=MAXIMUM_LITERALS).contains(&literals.len())
            && literals.iter().all(|literal| !literal.is_empty());
        useful.then_some(literals)
    }

    /// See [`literals::needles`].
    pub(super) fn needles(&self) -> Option<Vec<Vec<u8>>> {
        literals::needles(&self.0)
    }

    /// See [`literals::has_too_many_alternatives`].
    pub(super) fn has_too_many_alternatives(&self) -> bool {
        literals::has_too_many_alternatives(&self.0)
    }

    /// See [`literals::named`].
    pub(super) fn named(&self, found: &str) -> u32 {
        literals::named(&self.0, found)
    }

    /// Returns true if a match may depend on the start of the text or of a line.
    pub(super) fn asks_for_a_start(&self) -> bool {
        let looks = self.0.properties().look_set();
        [Look::Start, Look::StartLF, Look::StartCRLF].into_iter().any(|look| looks.contains(look))
    }

    /// Returns true if no text can match.
    pub(super) fn takes_nothing(&self) -> bool {
        self.0.properties().minimum_len().is_none()
    }

    /// Returns true if no match is empty.
    pub(super) fn takes_text(&self) -> bool {
        self.0.properties().minimum_len().is_some_and(|length| length > 0)
    }

    /// An upper bound of the compiled size in bytes. Most compiled forms are far smaller: the bound
    /// counts shared parts once per use, and every character class as if nothing could be merged.
    pub(super) fn compiled_size_bound(&self) -> usize {
        size_bound(&self.0).saturating_add(FRAME)
    }
}

/// Counts the Unicode classes of an expression.
struct UnicodeClasses(usize);

impl UnicodeClasses {
    fn add(&mut self) -> Result<(), String> {
        self.0 += 1;
        if self.0 > MAXIMUM_UNICODE_CLASSES {
            return Err(format!(
                "more than {MAXIMUM_UNICODE_CLASSES} Unicode classes (\\p{{…}}); write \\w or the characters"
            ));
        }
        Ok(())
    }
}

impl ast::Visitor for UnicodeClasses {
    type Output = ();
    type Err = String;

    fn finish(self) -> Result<(), String> {
        Ok(())
    }

    fn visit_pre(&mut self, part: &Ast) -> Result<(), String> {
        if matches!(part, Ast::ClassUnicode(_)) { self.add() } else { Ok(()) }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), String> {
        if matches!(item, ClassSetItem::Unicode(_)) { self.add() } else { Ok(()) }
    }
}

/// One state of the automaton with its transition, and its entry in the list of an earlier state.
const STATE: usize = 32 + 8 + 4;
/// The frame around every expression: the unanchored search, the match, the group of the whole.
const FRAME: usize = 16 * STATE;

fn size_bound(part: &Hir) -> usize {
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => STATE,
        // One of several alternatives may become a trie: some states for each byte.
        HirKind::Literal(literal) => literal.0.len().saturating_mul(3 * STATE),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().saturating_mul(STATE) + 2 * STATE,
        HirKind::Class(Class::Unicode(class)) => {
            let sequences = class.iter().copied().map(byte_sequences).fold(0_usize, usize::saturating_add);
            // A character has up to four bytes.
            sequences.saturating_mul(4 * STATE) + 2 * STATE
        }
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            let copies = max.unwrap_or(*min).max(1) as usize;
            (size_bound(sub) + 4 * STATE).saturating_mul(copies).saturating_add(4 * STATE)
        }
        HirKind::Capture(capture) => size_bound(&capture.sub).saturating_add(2 * STATE),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            let sizes = parts.iter().map(|part| size_bound(part).saturating_add(STATE));
            sizes.fold(2 * STATE, usize::saturating_add)
        }
    }
}

/// The maximum number of byte range sequences that a character range is split into. The last byte of
/// a character distinguishes 64 characters and the last two 4,096.
fn byte_sequences(range: ClassUnicodeRange) -> usize {
    match u32::from(range.end()) - u32::from(range.start()) {
        0..64 => 2,
        64..4_096 => 8,
        _ => 24,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::RegexBuilder;

    use super::*;

    fn outline(source: &str) -> Outline {
        Outline::of(source).expect(source)
    }

    fn compiles_within(source: &str, bytes: usize) -> bool {
        RegexBuilder::new(source).size_limit(bytes).build().is_ok()
    }

    #[test]
    fn the_bound_holds_and_is_of_use() {
        for source in [
            "use of moved value",
            r"use of (?:partially )?moved value: `\w+`",
            r"(?i)cannot find .+ in scope",
            r"\bTS\d+: [^\n]{0,40}",
            r"(?s)a.*b|c?d{3,}",
            "[Ee]rror|[Ff]ailure|ENOENT|EACCES",
            "",
        ] {
            let bound = outline(source).compiled_size_bound();
            assert!(compiles_within(source, bound), "{source}: {bound}");
            assert!(bound < super::super::ErrorPattern::MAXIMUM_COMPILED_SIZE, "{source}: {bound}");
        }
        for source in [r"(?:\w{500}){500}", r"(?:a{1000}){1000}", r"((((.{99}){99}){99}){99}){99}"] {
            let bound = Outline::of(source).map(|outline| outline.compiled_size_bound());
            assert!(bound.is_none_or(|bound| bound > 1 << 20), "{source}: {bound:?}");
        }
    }

    #[test]
    fn an_expression_of_many_unicode_classes_is_refused() {
        let classes = |count: usize| format!("(?i)x(?:{})z", vec![r"\p{L}q|[\p{Greek}a]"; count].join("|"));
        assert!(Outline::parse(&classes(16)).is_ok());
        let refused = Outline::parse(&classes(17)).expect_err("too many");
        assert!(refused.contains("more than 32 Unicode classes"), "{refused}");
    }

    #[test]
    fn every_class_of_characters_falls_apart_into_no_more_than_said() {
        use regex_syntax::utf8::Utf8Sequences;
        let edges = [
            0, 0x3F, 0x7F, 0x80, 0xFF, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x1_0000,
            0x10_FFFF,
        ];
        let ends = || {
            let near =
                edges.into_iter().flat_map(|edge: u32| edge.saturating_sub(66)..=edge.saturating_add(66));
            near.filter_map(char::from_u32).step_by(3)
        };
        for start in ends() {
            for end in ends().filter(|end| *end >= start) {
                let sequences = Utf8Sequences::new(start, end).count();
                let range = ClassUnicodeRange::new(start, end);
                assert!(sequences <= byte_sequences(range), "{start:?} to {end:?}: {sequences}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_expression_is_larger_than_its_bound(source in expressions()) {
            if let Some(bound) = Outline::of(&source).map(|outline| outline.compiled_size_bound()) {
                prop_assert!(bound > 1 << 22 || compiles_within(&source, bound), "{source}: {bound}");
            }
        }

        #[test]
        fn an_expression_that_takes_text_is_not_found_in_no_text(source in expressions()) {
            let takes_text = Outline::of(&source).is_some_and(|outline| outline.takes_text());
            let found = RegexBuilder::new(&source).build().is_ok_and(|regex| regex.is_match(""));
            prop_assert!(!(takes_text && found), "{source}");
        }
    }

    /// Expressions of all kinds.
    fn expressions() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            "[a-zäé ]{1,6}",
            Just(r"\w".to_owned()),
            Just(".".to_owned()),
            Just(r"\p{Greek}".to_owned()),
            Just("[^a-c]".to_owned()),
            Just(r"\b".to_owned()),
            Just("^".to_owned()),
            Just(String::new()),
        ];
        leaf.prop_recursive(4, 16, 4, |inner| {
            let several = || proptest::collection::vec(inner.clone(), 1..4);
            prop_oneof![
                several().prop_map(|parts| parts.concat()),
                several().prop_map(|parts| format!("(?:{})", parts.join("|"))),
                inner.clone().prop_map(|part| format!("({part})")),
                inner.clone().prop_map(|part| format!("(?i:{part})")),
                (inner.clone(), prop_oneof!["[*+?]", "\\{[0-3],[3-9]\\}", "\\{[2-4],?\\}"])
                    .prop_map(|(part, times)| format!("(?:{part}){times}")),
            ]
        })
    }
}
