//! The automaton of an expression, which searches with a bounded amount of work.

use std::collections::HashSet;
use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{self, Compiler, NFA, State, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Capture, Hir, HirKind, Look, Repetition};

/// Memory for deterministic states in bytes, for each direction. The search is given up if a text needs more states.
const CACHE: usize = 1 << 19;

/// The most work of a search in one direction, in parts of the automaton that are looked at: to compute a transition from
/// one deterministic state to another takes at most one look at each. What is computed is kept.
///
/// The memory of the states is no measure: a few of them can have many transitions that are expensive to compute.
const MOST_WORK: usize = 8 << 20;

/// Two lazily determinized automata (lazy DFAs): one finds the end of a match, one goes back to its start.
///
/// A search either ends within [`MOST_WORK`] or gives up, deterministically: it never falls back to an NFA simulation,
/// whose cost is the product of the sizes of expression and text.
pub(super) struct Engine {
    forward: Direction,
    backward: Direction,
}

struct Direction {
    dfa: DFA,
    /// What it costs at most to compute a transition: see [`parts`].
    parts: usize,
    known: Pool<Known, NewKnown>,
}

type NewKnown = Box<dyn Fn() -> Known + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// The states and transitions that searches have computed so far.
struct Known {
    cache: Cache,
    /// Transitions from states in which a match ends, by state and class of bytes: of these the cache does not tell
    /// whether they were computed.
    after_match: HashSet<(LazyStateID, u8)>,
    /// The work of all of them, and how much it may become.
    work: usize,
    most: usize,
}

/// The automaton would exceed its size limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The text needs more work than a search may do.
struct GivenUp;

impl Engine {
    /// Compiles an expression; `limit` is the maximum size in bytes for each direction.
    pub(super) fn new(expression: &Hir, limit: usize) -> Result<Self, TooLarge> {
        let expression = with_plain_words(expression);
        Ok(Self {
            forward: Direction::new(&expression, false, limit)?,
            backward: Direction::new(&expression, true, limit)?,
        })
    }

    /// The first match in a text; `None` also if the search is given up.
    pub(super) fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let input = Input::new(text);
        let end = self.forward.search(&input)?;
        let start = self.backward.search(&input.range(..end).anchored(Anchored::Yes))?;
        text.get(start..end)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.find(text).is_some()
    }
}

impl Direction {
    fn new(expression: &Hir, backward: bool, limit: usize) -> Result<Self, TooLarge> {
        let config = thompson::Config::new()
            .nfa_size_limit(Some(limit))
            .which_captures(WhichCaptures::None)
            .reverse(backward);
        let automaton = Compiler::new().configure(config).build_from_hir(expression).map_err(|_| TooLarge)?;
        let parts = parts(&automaton);
        let config = Config::new()
            .match_kind(if backward { MatchKind::All } else { MatchKind::LeftmostFirst })
            .cache_capacity(CACHE)
            // A large automaton gets the smallest cache that works.
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(0));
        let dfa = DFA::builder().configure(config).build_from_nfa(automaton).map_err(|_| TooLarge)?;
        let known = {
            let dfa = dfa.clone();
            Pool::new(Box::new(move || Known::new(&dfa)) as NewKnown)
        };
        Ok(Self { dfa, parts, known })
    }

    /// Where the match ends that lies first in this direction; `None` also if the search is given up.
    fn search(&self, input: &Input<'_>) -> Option<usize> {
        let mut known = self.known.get();
        let known = &mut *known;
        let was_new = known.work == 0;
        if !was_new {
            // A little more on top of what is known. A text that needs much more is searched anew, so that giving up
            // does not cost twice the most.
            known.most = (known.work + MOST_WORK / 8).min(MOST_WORK);
        }
        let mut found = self.search_with(known, input);
        if found.is_err() && !was_new {
            // It was nearly used up for other texts. Only from the start it shows whether this one needs too much.
            *known = Known::new(&self.dfa);
            found = self.search_with(known, input);
        }
        found.unwrap_or_else(|GivenUp| {
            *known = Known::new(&self.dfa);
            None
        })
    }

    fn search_with(&self, known: &mut Known, input: &Input<'_>) -> Result<Option<usize>, GivenUp> {
        let text = &input.haystack()[input.get_range()];
        let is_backward = self.dfa.get_nfa().is_reverse();
        let start = if is_backward {
            self.dfa.start_state_reverse(&mut known.cache, input)
        } else {
            self.dfa.start_state_forward(&mut known.cache, input)
        };
        let mut state = start.map_err(|_| GivenUp)?;
        let mut found = None;
        for passed in 0..text.len() {
            let byte = if is_backward { text[text.len() - 1 - passed] } else { text[passed] };
            state = self.step(known, state, byte)?;
            if state.is_match() {
                // A match is told one byte later.
                found = Some(passed);
            } else if state.is_dead() {
                break;
            }
        }
        if self.dfa.next_eoi_state(&mut known.cache, state).map_err(|_| GivenUp)?.is_match() {
            found = Some(text.len());
        }
        Ok(found.map(|passed| if is_backward { text.len() - passed } else { passed }))
    }

    fn step(&self, known: &mut Known, state: LazyStateID, byte: u8) -> Result<LazyStateID, GivenUp> {
        let is_known = if state.is_match() {
            !known.after_match.insert((state, self.dfa.byte_classes().get(byte)))
        } else {
            let next = self.dfa.next_state_untagged(&known.cache, state, byte);
            if !next.is_unknown() {
                return Ok(next);
            }
            false
        };
        if !is_known {
            known.work += self.parts;
            if known.work > known.most {
                return Err(GivenUp);
            }
        }
        self.dfa.next_state(&mut known.cache, state, byte).map_err(|_| GivenUp)
    }
}

/// The number of states of an automaton and of what leaves them. Ranges of bytes lie side by side, so a look at four of
/// them costs as much as a look at one of the others.
fn parts(automaton: &NFA) -> usize {
    let of = |state: &State| match state {
        State::Union { alternates } => 1 + alternates.len(),
        State::BinaryUnion { .. } => 3,
        State::Sparse(sparse) => 1 + sparse.transitions.len() / 4,
        _ => 1,
    };
    automaton.states().iter().map(of).sum()
}

impl Known {
    fn new(dfa: &DFA) -> Self {
        Self { cache: dfa.create_cache(), after_match: HashSet::new(), work: 0, most: MOST_WORK }
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").finish_non_exhaustive()
    }
}

/// Replaces Unicode word boundaries by ASCII ones. A DFA does not support Unicode boundaries, and next to a name in
/// a tool's message both agree.
fn with_plain_words(part: &Hir) -> Hir {
    match part.kind() {
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => *other,
        }),
        HirKind::Repetition(repetition) => Hir::repetition(Repetition {
            sub: Box::new(with_plain_words(&repetition.sub)),
            ..repetition.clone()
        }),
        HirKind::Capture(capture) => {
            Hir::capture(Capture { sub: Box::new(with_plain_words(&capture.sub)), ..capture.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(with_plain_words).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(with_plain_words).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => part.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    fn engine(source: &str) -> Engine {
        Engine::new(&regex_syntax::parse(source).expect(source), 1 << 20).expect(source)
    }

    /// Words of which no two are equal.
    fn words(bytes: usize) -> String {
        let mut text = String::new();
        for number in 0_u32.. {
            if text.len() > bytes {
                break;
            }
            write!(text, "{:x}{} ", number.wrapping_mul(2_654_435_761), number % 7).expect("text grows");
        }
        text
    }

    #[test]
    fn what_is_found_does_not_depend_on_earlier_searches() {
        const SOURCE: &str = r"(?:[a-f]{0,30}\d){3}[^\n]{0,60} é";
        let engine = engine(SOURCE);
        let texts: Vec<String> = (0..40).map(|number| format!("{} é", words(100 << (number % 9)))).collect();
        let alone: Vec<_> = texts.iter().map(|text| self::engine(SOURCE).find(text)).collect();
        assert!(alone.iter().any(Option::is_none) && alone.iter().any(Option::is_some), "{alone:?}");
        for (text, alone) in texts.iter().zip(alone) {
            assert_eq!(engine.find(text), alone);
        }
    }

    proptest! {
        #[test]
        fn it_finds_what_the_regex_crate_finds(
            source in r"(\(\?m\))?[ab( .\[\]|*+?é\\^$1{},]{1,12}",
            texts in proptest::collection::vec("[ab \né1.]{0,12}", 4),
        ) {
            if let (Ok(regex), Ok(expression)) = (Regex::new(&source), regex_syntax::parse(&source)) {
                let engine = Engine::new(&expression, 1 << 20).expect("small");
                for text in &texts {
                    prop_assert_eq!(engine.find(text), regex.find(text).map(|found| found.as_str()), "{} {:?}", source, text);
                }
            }
        }
    }
}
