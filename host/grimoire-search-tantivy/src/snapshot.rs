//! One state of the index, ready to be searched.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::spell::{Sequence, SpellId};
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentId;
use tantivy::postings::{Postings as _, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, InvertedIndexReader, Searcher, SegmentReader, TERMINATED, Term};

use crate::packed;
use crate::rank::occurrence;
use crate::schema::{Fields, ID, MARKS, TEXT_FIELDS};
use crate::terms::Lengths;

/// The spells of one commit.
pub(crate) struct Snapshot {
    segments: Vec<Segment>,
    fields: Fields,
    /// By slots. A column is too slow to be asked for every match of a common word.
    spells: Vec<Entry>,
    /// How many spells are in it.
    pub(crate) documents: u64,
    /// The last change that is in it.
    pub(crate) sequence: Sequence,
    /// How many active spells are in it.
    pub(crate) active: u64,
    /// Keeps the files of the segments.
    _searcher: Searcher,
}

/// The spell of a slot.
struct Entry {
    id: SpellId,
    active: bool,
    lengths: Lengths,
}

/// One segment with its dictionary opened: it is asked for every term.
struct Segment {
    reader: SegmentReader,
    /// The slot of its first document.
    first: usize,
    words: Arc<InvertedIndexReader>,
    /// Documents that are deleted and still in the files, ascending.
    deleted: Vec<u32>,
}

impl Snapshot {
    pub(crate) fn new(searcher: Searcher, fields: Fields, sequence: Sequence) -> tantivy::Result<Self> {
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        let mut spells = Vec::new();
        for reader in searcher.segment_readers() {
            let segment = Segment {
                reader: reader.clone(),
                first: spells.len(),
                words: reader.inverted_index(fields.words)?,
                deleted: deleted(reader),
            };
            let (ids, marks) = (reader.fast_fields().u64(ID)?, reader.fast_fields().u64(MARKS)?);
            spells.extend((0..reader.max_doc()).map(|document| {
                let id = SpellId(ids.first(document).unwrap_or_default());
                let (lengths, active) = packed::unmark(marks.first(document).unwrap_or_default());
                Entry { id, active: active && !reader.is_deleted(document), lengths }
            }));
            segments.push(segment);
        }
        let documents = searcher.num_docs();
        let active = spells.iter().filter(|spell| spell.active).count() as u64;
        Ok(Self { segments, fields, spells, documents, sequence, active, _searcher: searcher })
    }

    /// The segments that it is made of, in order.
    pub(crate) fn segment_ids(&self) -> Vec<SegmentId> {
        let mut ids: Vec<_> = self.segments.iter().map(|segment| segment.reader.segment_id()).collect();
        ids.sort_unstable();
        ids
    }
}

fn deleted(reader: &SegmentReader) -> Vec<u32> {
    if reader.has_deletes() {
        (0..reader.max_doc()).filter(|&document| reader.is_deleted(document)).collect()
    } else {
        Vec::new()
    }
}

impl Segment {
    /// How many living documents have a term. The dictionary counts others too; they are taken off by
    /// looking for each, or for each document of the term, whichever are fewer.
    fn frequency(&self, hidden: &HiddenDocuments, term: &Term) -> tantivy::Result<u64> {
        let Some(info) = self.words.get_term_info(term)? else { return Ok(0) };
        if hidden.gone.is_empty() {
            return Ok(u64::from(info.doc_freq));
        }
        let mut postings = self.words.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
        if hidden.gone.len() < info.doc_freq as usize {
            let mut gone = 0;
            for &document in &hidden.gone {
                if postings.doc() < document {
                    postings.seek(document);
                }
                gone += u64::from(postings.doc() == document);
            }
            return Ok(u64::from(info.doc_freq) - gone);
        }
        let mut alive = 0;
        self.each_alive(hidden, &mut postings, |_| alive += 1);
        Ok(alive)
    }

    fn each_alive(
        &self,
        hidden: &HiddenDocuments,
        postings: &mut SegmentPostings,
        mut visit: impl FnMut(&mut SegmentPostings),
    ) {
        let alive = self.reader.alive_bitset();
        while postings.doc() != TERMINATED {
            let document = postings.doc();
            if alive.is_none_or(|alive| alive.is_alive(document)) && !hidden.has(document) {
                visit(postings);
            }
            postings.advance();
        }
    }
}

/// The documents of a snapshot that are not to be seen, because later changes replace or delete them.
pub(crate) struct Hidden {
    /// By segment.
    segments: Vec<HiddenDocuments>,
    count: u64,
    active: u64,
}

struct HiddenDocuments {
    /// Ascending.
    documents: Vec<u32>,
    /// These and those that are deleted, ascending.
    gone: Vec<u32>,
}

impl HiddenDocuments {
    fn has(&self, document: u32) -> bool {
        !self.documents.is_empty() && self.documents.binary_search(&document).is_ok()
    }
}

impl Hidden {
    /// None of a snapshot.
    pub(crate) fn new(snapshot: &Snapshot) -> Self {
        let nothing =
            |segment: &Segment| HiddenDocuments { documents: Vec::new(), gone: segment.deleted.clone() };
        Self { segments: snapshot.segments.iter().map(nothing).collect(), count: 0, active: 0 }
    }

    /// How many are hidden.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many of them are active spells.
    pub(crate) fn active(&self) -> u64 {
        self.active
    }

    /// Hides the document of a spell, where the snapshot has one.
    pub(crate) fn hide(&mut self, snapshot: &Snapshot, id: SpellId) -> tantivy::Result<()> {
        let Some((segment, document)) = snapshot.place(id)? else { return Ok(()) };
        let hidden = &mut self.segments[segment];
        for list in [&mut hidden.documents, &mut hidden.gone] {
            match list.binary_search(&document) {
                // It is hidden already.
                Ok(_) => return Ok(()),
                Err(at) => list.insert(at, document),
            }
        }
        let (_, active) = snapshot.spell(snapshot.segments[segment].first + document as usize);
        self.count += 1;
        self.active += u64::from(active);
        Ok(())
    }
}

/// What is told leaves hidden documents out.
impl Snapshot {
    /// Slots are below this number.
    pub(crate) fn slots(&self) -> usize {
        self.spells.len()
    }

    /// How many spells have a term.
    pub(crate) fn frequency(&self, hidden: &Hidden, term: &str) -> tantivy::Result<u64> {
        let term = Term::from_field_text(self.fields.words, term);
        let segments = self.segments.iter().zip(&hidden.segments);
        segments.map(|(segment, hidden)| segment.frequency(hidden, &term)).sum()
    }

    /// The terms that begin with a prefix, with their frequencies.
    pub(crate) fn completions(
        &self,
        hidden: &Hidden,
        prefix: &str,
    ) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for segment in &self.segments {
            let mut terms = segment.words.terms().range().ge(prefix).into_stream()?;
            while terms.advance() {
                let Some(text) =
                    std::str::from_utf8(terms.key()).ok().filter(|text| text.starts_with(prefix))
                else {
                    break;
                };
                found.entry(text.to_owned()).or_default();
            }
        }
        for (text, frequency) in &mut found {
            *frequency = self.frequency(hidden, text)?;
        }
        found.retain(|_, frequency| *frequency > 0);
        Ok(found)
    }

    /// Tells where a term occurs, as [`Corpus::occurrences`](crate::rank::Corpus::occurrences).
    pub(crate) fn occurrences(
        &self,
        hidden: &Hidden,
        term: &str,
        visit: &mut dyn FnMut(usize, f64),
    ) -> tantivy::Result<()> {
        let term = Term::from_field_text(self.fields.words, term);
        let mut positions = Vec::new();
        for (segment, hidden) in self.segments.iter().zip(&hidden.segments) {
            let record = IndexRecordOption::WithFreqsAndPositions;
            let Some(mut postings) = segment.words.read_postings(&term, record)? else { continue };
            segment.each_alive(hidden, &mut postings, |postings| {
                let slot = segment.first + postings.doc() as usize;
                postings.positions(&mut positions);
                let lengths = self.spells[slot].lengths.map(FieldNormReader::id_to_fieldnorm);
                for ((field, length), times) in TEXT_FIELDS.iter().zip(lengths).zip(packed::times(&positions))
                {
                    if times > 0 {
                        visit(slot, occurrence(field.boost, field.usual_length, times, length));
                    }
                }
            });
        }
        Ok(())
    }

    /// The spell of a slot, and whether it is active.
    pub(crate) fn spell(&self, slot: usize) -> (SpellId, bool) {
        let spell = &self.spells[slot];
        (spell.id, spell.active)
    }

    /// The segment and the living document of a spell.
    fn place(&self, id: SpellId) -> tantivy::Result<Option<(usize, u32)>> {
        let term = Term::from_field_u64(self.fields.id, id.0);
        for (index, segment) in self.segments.iter().enumerate() {
            let ids = segment.reader.inverted_index(self.fields.id)?;
            let Some(mut postings) = ids.read_postings(&term, IndexRecordOption::Basic)? else { continue };
            while postings.doc() != TERMINATED {
                if !segment.reader.is_deleted(postings.doc()) {
                    return Ok(Some((index, postings.doc())));
                }
                postings.advance();
            }
        }
        Ok(None)
    }
}
