//! Probes wake analyzers: those of all analyzers are searched in one pass over an artifact.

use std::sync::OnceLock;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind, StartKind, dfa};

/// Maximum number of probes of one analyzer.
const MAX_PROBES: usize = 256;
/// Maximum length of a probe in bytes.
const MAX_PROBE_BYTES: usize = 64;

/// Maximum total length of all probes, in bytes, for the fastest automaton: a table of all transitions, of at most
/// 16 MB, and 3 MB for the shipped analyzers. The other form has a tenth of the size and half the speed.
const BYTES_IN_TABLE: usize = 16 << 10;

/// Checks the probes of an analyzer.
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

/// Searches the probes of several analyzers at once. Created once per generation.
pub(crate) struct ProbeSet {
    probes: Vec<String>,
    /// The owner of each probe, by number.
    owners: Vec<usize>,
    /// Built when the first artifact is read, which takes some milliseconds; the analyzers that are
    /// awake read meanwhile.
    automaton: OnceLock<Form>,
}

enum Form {
    Table(dfa::DFA),
    Packed(NFA),
}

/// The state of a pass over an artifact: the partial match at the end of the bytes so far.
#[derive(Debug, Default)]
pub(crate) struct Pass(Option<StateID>);

impl ProbeSet {
    /// Searches analyzers' probes; the caller chooses the numbers.
    pub(crate) fn new<'a>(probes: impl IntoIterator<Item = (usize, &'a [String])>) -> Self {
        let named =
            probes.into_iter().flat_map(|(owner, probes)| probes.iter().map(move |probe| (owner, probe)));
        let (owners, probes) = named.map(|(owner, probe)| (owner, probe.clone())).unzip();
        Self { probes, owners, automaton: OnceLock::new() }
    }

    /// Continues a pass, and reports the owner of each probe that ends in this chunk, once per
    /// occurrence. Probes that begin in an earlier chunk are found too.
    pub(crate) fn read(&self, pass: &mut Pass, chunk: &[u8], found: impl FnMut(usize)) {
        if self.probes.is_empty() {
            return;
        }
        match self.automaton.get_or_init(|| form(&self.probes)) {
            Form::Table(table) => self.walk(table, pass, chunk, found),
            Form::Packed(packed) => self.walk(packed, pass, chunk, found),
        }
    }

    fn walk(&self, automaton: &impl Automaton, pass: &mut Pass, chunk: &[u8], mut found: impl FnMut(usize)) {
        let start = || automaton.start_state(Anchored::No).expect("probes are looked for anywhere");
        let mut at = pass.0.unwrap_or_else(start);
        for &byte in chunk {
            at = automaton.next_state(Anchored::No, at, byte);
            if automaton.is_special(at) && automaton.is_match(at) {
                for index in 0..automaton.match_len(at) {
                    found(self.owners[automaton.match_pattern(at, index).as_usize()]);
                }
            }
        }
        pass.0 = Some(at);
    }
}

/// Every occurrence of a probe is reported, also inside of another one.
fn form(probes: &[String]) -> Form {
    let bytes: usize = probes.iter().map(String::len).sum();
    let built = if bytes > BYTES_IN_TABLE {
        let mut builder = NFA::builder();
        builder.match_kind(MatchKind::Standard).prefilter(false).build(probes).map(Form::Packed)
    } else {
        let mut builder = dfa::DFA::builder();
        builder.match_kind(MatchKind::Standard).start_kind(StartKind::Unanchored).prefilter(false);
        builder.build(probes).map(Form::Table)
    };
    built.expect("probes are bounded far below what an automaton has numbers for")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn owned(probes: &[&str]) -> Vec<String> {
        probes.iter().map(|&probe| probe.to_owned()).collect()
    }

    /// The owners of the probes that end in each of the pieces.
    fn woken(watch: &ProbeSet, pieces: &[&[u8]]) -> Vec<BTreeSet<usize>> {
        let mut pass = Pass::default();
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
        let watch = ProbeSet::new([(3, &first[..]), (7, &second[..])]);
        assert_eq!(woken(&watch, &[b"no grad", b"le", b"x"]), [[].into(), [3, 7].into(), [].into()]);
        assert_eq!(
            woken(&watch, &[b"gradl", b"", b"BUIL", b"D"]),
            [[7].into(), [].into(), [].into(), [3].into()]
        );
    }

    #[test]
    fn without_probes_nothing_is_found() {
        let watch = ProbeSet::new([(0, &[][..])]);
        assert_eq!(woken(&watch, &[b"anything"]), [BTreeSet::new()]);
    }

    proptest! {
        /// Both forms find what a plain search finds, however the text is split.
        #[test]
        fn found_as_a_plain_search_finds_it(
            probes in prop::collection::vec("[ab]{1,4}", 0..6),
            text in "[abc]{0,60}",
            cut in 0_usize..60,
            large in any::<bool>(),
        ) {
            let filler: Vec<String> = (0..600).map(|number| format!("{number:064}")).collect();
            let watch = ProbeSet::new([(0, &probes[..]), (1, if large { &filler[..] } else { &[] })]);
                        let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            let expected = probes.iter().any(|probe| text.contains(probe.as_str()));
            let found = woken(&watch, &[head, tail]).iter().any(|owners| owners.contains(&0));
            prop_assert_eq!(found, expected);
            prop_assert!(!large || matches!(watch.automaton.get(), Some(Form::Packed(_))));
        }
    }
}
