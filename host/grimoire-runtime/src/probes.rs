//! What wakes analyzers: the probes of all of them, looked for in one pass over an artifact.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, BuildError, MatchKind, StartKind, dfa};

/// Probes of one analyzer.
const MAX_PROBES: usize = 256;
/// Bytes of one probe.
const MAX_PROBE_BYTES: usize = 64;

/// Bytes of all probes together up to which the automaton is a table of all transitions, of some megabytes:
/// the fastest form. Beyond, it is a third of the speed and a fraction of the size.
const BYTES_IN_TABLE: usize = 32 << 10;

/// Checks what an analyzer calls its probes.
pub(crate) fn check(probes: &[String]) -> Result<(), String> {
    if probes.len() > MAX_PROBES {
        return Err(format!("probes: {} texts, may be at most {MAX_PROBES}", probes.len()));
    }
    for (index, probe) in probes.iter().enumerate() {
        if !(1..=MAX_PROBE_BYTES).contains(&probe.len()) {
            let bytes = probe.len();
            return Err(format!("probes[{index}]: has {bytes} bytes, must have from 1 to {MAX_PROBE_BYTES}"));
        }
    }
    Ok(())
}

/// Looks for the probes of several analyzers at once. Made once for a generation.
pub(crate) struct Watch {
    automaton: Option<Form>,
    /// Whose a probe is, by its number in the automaton.
    owners: Vec<usize>,
}

enum Form {
    Table(dfa::DFA),
    Packed(NFA),
}

/// How far a pass came: what the bytes so far may be the beginning of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pass(Option<StateID>);

impl Watch {
    /// Of analyzers' probes, by numbers of the caller's.
    pub(crate) fn new<'a>(probes: impl IntoIterator<Item = (usize, &'a [String])>) -> Self {
        let mut owners = Vec::new();
        let mut texts = Vec::new();
        for (owner, probes) in probes {
            for probe in probes {
                owners.push(owner);
                texts.push(probe.as_str());
            }
        }
        let automaton = (!texts.is_empty())
            .then(|| form(&texts).expect("probes are bounded far below what an automaton has numbers for"));
        Self { automaton, owners }
    }

    /// Begins a pass over an artifact.
    pub(crate) fn begin(&self) -> Pass {
        let start = match &self.automaton {
            Some(Form::Table(table)) => table.start_state(Anchored::No),
            Some(Form::Packed(packed)) => packed.start_state(Anchored::No),
            None => return Pass(None),
        };
        Pass(Some(start.expect("both forms are made to find probes anywhere")))
    }

    /// Reads on, and tells whose probes end in this chunk; as often as they do. Those that begin in an
    /// earlier chunk are found too.
    pub(crate) fn read(&self, pass: &mut Pass, chunk: &[u8], found: impl FnMut(usize)) {
        let Some(state) = &mut pass.0 else { return };
        match &self.automaton {
            Some(Form::Table(table)) => self.walk(table, state, chunk, found),
            Some(Form::Packed(packed)) => self.walk(packed, state, chunk, found),
            None => {}
        }
    }

    fn walk(
        &self,
        automaton: &impl Automaton,
        state: &mut StateID,
        chunk: &[u8],
        mut found: impl FnMut(usize),
    ) {
        let mut at = *state;
        for &byte in chunk {
            at = automaton.next_state(Anchored::No, at, byte);
            if automaton.is_special(at) && automaton.is_match(at) {
                for index in 0..automaton.match_len(at) {
                    found(self.owners[automaton.match_pattern(at, index).as_usize()]);
                }
            }
        }
        *state = at;
    }
}

/// Every probe is told wherever it ends, also inside of another one.
fn form(texts: &[&str]) -> Result<Form, BuildError> {
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    if bytes > BYTES_IN_TABLE {
        return NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(texts)
            .map(Form::Packed);
    }
    dfa::DFA::builder()
        .match_kind(MatchKind::Standard)
        .start_kind(StartKind::Unanchored)
        .prefilter(false)
        .build(texts)
        .map(Form::Table)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn owned(probes: &[&str]) -> Vec<String> {
        probes.iter().map(|&probe| probe.to_owned()).collect()
    }

    /// Whose probes end in each of the pieces.
    fn woken(watch: &Watch, pieces: &[&[u8]]) -> Vec<BTreeSet<usize>> {
        let mut pass = watch.begin();
        let in_piece = |piece: &&[u8]| {
            let mut found = BTreeSet::new();
            watch.read(&mut pass, piece, |owner| {
                found.insert(owner);
            });
            found
        };
        pieces.iter().map(in_piece).collect()
    }

    #[test]
    fn bounds_are_told_in_words() {
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&vec!["x".repeat(64); 256]), Ok(()));
        assert_eq!(check(&owned(&["x"; 257])), Err("probes: 257 texts, may be at most 256".to_owned()));
        let message = "probes[1]: has 0 bytes, must have from 1 to 64".to_owned();
        assert_eq!(check(&owned(&["x", ""])), Err(message));
        let message = "probes[0]: has 65 bytes, must have from 1 to 64".to_owned();
        assert_eq!(check(&["x".repeat(65)]), Err(message));
    }

    #[test]
    fn a_probe_is_found_where_it_ends_also_in_another_and_across_pieces() {
        let (first, second) = (owned(&["gradle", "BUILD"]), owned(&["radl", "gradle"]));
        let watch = Watch::new([(3, &first[..]), (7, &second[..])]);
        assert_eq!(woken(&watch, &[b"no grad", b"le", b"x"]), [[].into(), [3, 7].into(), [].into()]);
        assert_eq!(
            woken(&watch, &[b"gradl", b"", b"BUIL", b"D"]),
            [[7].into(), [].into(), [].into(), [3].into()]
        );
    }

    #[test]
    fn without_probes_nothing_is_found() {
        let watch = Watch::new([(0, &[][..])]);
        assert_eq!(woken(&watch, &[b"anything"]), [BTreeSet::new()]);
    }

    proptest! {
        /// Both forms find what a plain search finds, however the text is cut.
        #[test]
        fn found_as_a_plain_search_finds_it(
            probes in prop::collection::vec("[ab]{1,4}", 0..6),
            text in "[abc]{0,60}",
            cut in 0_usize..60,
            large in any::<bool>(),
        ) {
            let filler: Vec<String> = (0..600).map(|number| format!("{number:064}")).collect();
            let watch = Watch::new([(0, &probes[..]), (1, if large { &filler[..] } else { &[] })]);
            let is_packed = matches!(watch.automaton, Some(Form::Packed(_)));
            prop_assert_eq!(is_packed, large);
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            let expected = probes.iter().any(|probe| text.contains(probe.as_str()));
            let found = woken(&watch, &[head, tail]).iter().any(|owners| owners.contains(&0));
            prop_assert_eq!(found, expected);
        }
    }
}
