//! The automaton of an expression, which searches in a bounded number of steps.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

use regex_automata::hybrid::dfa::{Config, DFA};
use regex_automata::hybrid::regex::{Builder, Cache, Regex};
use regex_automata::nfa::thompson::{self, BuildError, Compiler, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Input, MatchKind};
use regex_syntax::hir::{Capture, Hir, HirKind, Look, Repetition};

/// Cache size for deterministic states, in bytes. Each cached transition is computed once. The search is given up
/// if a text needs more states, because they would be recomputed all the time.
///
/// It bounds the time of a search: a new state costs as much as the automaton is large, and a large automaton's states
/// fill the cache sooner. With half of it, some patterns of the starter spellbook would not find their own samples.
const CACHE: usize = 1 << 19;

/// A lazily determinized automaton (lazy DFA).
///
/// A search either ends within a bounded number of steps or gives up, deterministically: it never falls back to an
/// NFA simulation, whose cost is the product of the sizes of expression and text.
pub(super) struct Engine {
    regex: Arc<Regex>,
    caches: Pool<States, NewStates>,
}

/// The states that searches have computed so far.
struct States {
    cache: Cache,
    is_new: bool,
}

type NewStates = Box<dyn Fn() -> States + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// The automaton would exceed its size limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Engine {
    /// Compiles an expression; `limit` is the maximum size in bytes for each direction.
    pub(super) fn new(expression: &Hir, limit: usize) -> Result<Self, TooLarge> {
        let expression = with_plain_words(expression);
        let automaton = |reverse: bool| {
            let config = thompson::Config::new()
                .nfa_size_limit(Some(limit))
                .which_captures(WhichCaptures::None)
                .reverse(reverse);
            Compiler::new().configure(config).build_from_hir(&expression).map_err(|_: BuildError| TooLarge)
        };
        let config = Config::new()
            .cache_capacity(CACHE)
            // A large automaton gets the smallest cache that works.
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(0));
        let dfa = |config: Config, reverse| {
            let built = DFA::builder().configure(config).build_from_nfa(automaton(reverse)?);
            built.map_err(|_| TooLarge)
        };
        let forward = dfa(config.clone(), false)?;
        let backward = dfa(config.match_kind(MatchKind::All), true)?;
        let regex = Arc::new(Builder::new().build_from_dfas(forward, backward));
        let caches = {
            let regex = Arc::clone(&regex);
            Pool::new(Box::new(move || States { cache: regex.create_cache(), is_new: true }) as NewStates)
        };
        Ok(Self { regex, caches })
    }

    /// The first match in a text; `None` also if the search is given up.
    pub(super) fn find<'t>(&self, text: &'t str) -> Option<&'t str> {
        let mut states = self.caches.get();
        let States { cache, is_new } = &mut *states;
        let input = Input::new(text);
        let mut found = self.regex.try_search(cache, &input);
        if found.is_err() && !*is_new {
            // The cache was full of other texts' states. Only an empty one shows whether this text needs too many.
            cache.reset(&self.regex);
            found = self.regex.try_search(cache, &input);
        }
        *is_new = found.is_err();
        let found = found.unwrap_or_else(|_| {
            cache.reset(&self.regex);
            None
        })?;
        text.get(found.range())
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.find(text).is_some()
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
