//! One commit of the index, as ranking reads it.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::spell::SpellId;
use grimoire_ports::follower::Position;
use tantivy::columnar::ColumnValues;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings as _, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, InvertedIndexReader, Searcher, SegmentReader, TERMINATED, TantivyError, Term};

use crate::rank::{Corpus, occurrence};
use crate::schema::{ACTIVE, Fields, ID, TEXT_FIELDS};

/// The spells of one commit. Slots are the documents of all segments, one segment after the other.
pub(crate) struct Snapshot {
    /// The changes that it has.
    pub(crate) position: Position,
    segments: Vec<Segment>,
    fields: Fields,
    searcher: Searcher,
}

struct Segment {
    reader: SegmentReader,
    /// The slot of its first document.
    first_slot: usize,
    /// In the order of [`TEXT_FIELDS`].
    texts: Vec<(Arc<InvertedIndexReader>, FieldNormReader)>,
    ids: Arc<dyn ColumnValues<u64>>,
    active: Arc<dyn ColumnValues<bool>>,
}

impl Snapshot {
    pub(crate) fn new(searcher: Searcher, fields: Fields, position: Position) -> tantivy::Result<Self> {
        let mut first_slot = 0;
        let mut segments = Vec::new();
        for reader in searcher.segment_readers() {
            segments.push(Segment::new(reader, &fields, first_slot)?);
            first_slot += reader.max_doc() as usize;
        }
        Ok(Self { position, segments, fields, searcher })
    }

    /// How many active spells it has.
    pub(crate) fn active(&self) -> u64 {
        let active = |segment: &Segment| {
            segment.reader.doc_ids_alive().filter(|&document| segment.active.get_val(document)).count() as u64
        };
        self.segments.iter().map(active).sum()
    }

    /// The segment of a slot, and the document in it.
    fn document(&self, slot: usize) -> (&Segment, u32) {
        let index = self.segments.partition_point(|segment| segment.first_slot <= slot) - 1;
        let segment = &self.segments[index];
        (segment, u32::try_from(slot - segment.first_slot).unwrap_or(TERMINATED))
    }
}

impl Segment {
    fn new(reader: &SegmentReader, fields: &Fields, first_slot: usize) -> tantivy::Result<Self> {
        let texts = fields
            .texts
            .into_iter()
            .map(|field| Ok((reader.inverted_index(field)?, reader.get_fieldnorms_reader(field)?)));
        Ok(Self {
            first_slot,
            texts: texts.collect::<tantivy::Result<_>>()?,
            ids: reader.fast_fields().u64(ID)?.first_or_default_col(0),
            active: reader.fast_fields().bool(ACTIVE)?.first_or_default_col(false),
            reader: reader.clone(),
        })
    }

    /// How many living documents have a term. The dictionary counts deleted documents too: only where a
    /// segment has some are the postings read, and merging keeps segments with many of them away.
    fn frequency(&self, text: &InvertedIndexReader, term: &TermInfo) -> tantivy::Result<u64> {
        let frequency = match self.reader.alive_bitset() {
            None => term.doc_freq,
            Some(alive) => text
                .read_postings_from_terminfo(term, IndexRecordOption::Basic)?
                .doc_freq_given_deletes(alive),
        };
        Ok(frequency.into())
    }
}

impl Corpus for Snapshot {
    type Error = TantivyError;

    fn documents(&self) -> u64 {
        self.searcher.num_docs()
    }

    fn slots(&self) -> usize {
        self.segments.last().map_or(0, |segment| segment.first_slot + segment.reader.max_doc() as usize)
    }

    fn frequency(&self, term: &str) -> tantivy::Result<u64> {
        let mut highest = 0;
        for (index, field) in self.fields.texts.into_iter().enumerate() {
            let term = Term::from_field_text(field, term);
            let mut frequency = 0;
            for segment in &self.segments {
                let (text, _) = &segment.texts[index];
                if let Some(term) = text.get_term_info(&term)? {
                    frequency += segment.frequency(text, &term)?;
                }
            }
            highest = highest.max(frequency);
        }
        Ok(highest)
    }

    fn completions(&self, prefix: &str) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut frequencies: BTreeMap<String, [u64; TEXT_FIELDS.len()]> = BTreeMap::new();
        for segment in &self.segments {
            for (index, (text, _)) in segment.texts.iter().enumerate() {
                let mut terms = text.terms().range().ge(prefix).into_stream()?;
                while terms.advance() && terms.key().starts_with(prefix.as_bytes()) {
                    let frequency = segment.frequency(text, terms.value())?;
                    let term = String::from_utf8_lossy(terms.key()).into_owned();
                    frequencies.entry(term).or_default()[index] += frequency;
                }
            }
        }
        let highest = |(term, frequencies): (String, [u64; TEXT_FIELDS.len()])| {
            (term, frequencies.into_iter().max().unwrap_or_default())
        };
        Ok(frequencies.into_iter().map(highest).filter(|(_, frequency)| *frequency > 0).collect())
    }

    fn occurrences(&self, term: &str, visit: &mut dyn FnMut(usize, f64)) -> tantivy::Result<()> {
        for segment in &self.segments {
            let alive = segment.reader.alive_bitset();
            for ((&field, text_field), (text, lengths)) in
                self.fields.texts.iter().zip(&TEXT_FIELDS).zip(&segment.texts)
            {
                let term = Term::from_field_text(field, term);
                let Some(mut postings) = text.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                    continue;
                };
                while postings.doc() != TERMINATED {
                    let document = postings.doc();
                    if alive.is_none_or(|alive| alive.is_alive(document)) {
                        let value = occurrence(text_field, postings.term_freq(), lengths.fieldnorm(document));
                        visit(segment.first_slot + document as usize, value);
                    }
                    postings.advance();
                }
            }
        }
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        let (segment, document) = self.document(slot);
        (SpellId(segment.ids.get_val(document)), segment.active.get_val(document))
    }
}
