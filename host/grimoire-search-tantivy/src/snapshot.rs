//! One commit of the index, in the form that ranking reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::spell::SpellId;
use grimoire_ports::follower::Position;
use tantivy::columnar::ColumnValues;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings as _, TermInfo};
use tantivy::query::{EnableScoring, PhraseQuery, Query as _};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, InvertedIndexReader, Searcher, SegmentReader, TERMINATED, TantivyError, Term};

use crate::dictionary::WordPattern;
use crate::rank::{Corpus, Phrase, Visit, occurrence};
use crate::schema::{ACTIVE, Fields, ID, TEXT_FIELDS};

/// The spells of one commit. Slots number the documents of all segments, one segment after the other.
pub(crate) struct Snapshot {
    /// The changes that the commit includes.
    pub(crate) position: Position,
    segments: Vec<Segment>,
    fields: Fields,
    searcher: Searcher,
}

struct Segment {
    reader: SegmentReader,
    /// The slot of the segment's first document.
    first_slot: usize,
    /// In the order of [`TEXT_FIELDS`].
    texts: Vec<(Arc<InvertedIndexReader>, FieldNormReader)>,
    dictionary: Arc<InvertedIndexReader>,
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

    /// Number of active spells.
    pub(crate) fn active(&self) -> u64 {
        let active = |segment: &Segment| {
            segment.reader.doc_ids_alive().filter(|&document| segment.active.get_val(document)).count() as u64
        };
        self.segments.iter().map(active).sum()
    }

    /// The segment of a slot, and the document in that segment.
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
            dictionary: reader.inverted_index(fields.dictionary)?,
            ids: reader.fast_fields().u64(ID)?.first_or_default_col(0),
            active: reader.fast_fields().bool(ACTIVE)?.first_or_default_col(false),
            reader: reader.clone(),
        })
    }

    /// Number of existing documents that contain a term. The dictionary also counts deleted documents,
    /// so postings are read if a segment has any; merging rewrites segments with many of them.
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

    fn words(&self, pattern: &WordPattern) -> tantivy::Result<BTreeMap<String, u64>> {
        let mut words: BTreeMap<String, u64> = BTreeMap::new();
        for segment in &self.segments {
            let mut found = segment.dictionary.terms().search(pattern.automaton()?).into_stream()?;
            while found.advance() {
                let frequency = segment.frequency(&segment.dictionary, found.value())?;
                *words.entry(String::from_utf8_lossy(found.key()).into_owned()).or_default() += frequency;
            }
        }
        words.retain(|_, frequency| *frequency > 0);
        Ok(words)
    }

    fn occurrences(&self, term: &str, visit: &mut Visit<'_>) -> tantivy::Result<()> {
        for segment in &self.segments {
            let alive = segment.reader.alive_bitset();
            for (index, (text, lengths)) in segment.texts.iter().enumerate() {
                let (field, text_field) = (self.fields.texts[index], &TEXT_FIELDS[index]);
                let term = Term::from_field_text(field, term);
                let Some(mut postings) = text.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                    continue;
                };
                while postings.doc() != TERMINATED {
                    let document = postings.doc();
                    if alive.is_none_or(|alive| alive.is_alive(document)) {
                        let value = occurrence(text_field, postings.term_freq(), lengths.fieldnorm(document));
                        visit(segment.first_slot + document as usize, index, value);
                    }
                    postings.advance();
                }
            }
        }
        Ok(())
    }

    fn phrases(&self, phrase: &Phrase, visit: &mut Visit<'_>) -> tantivy::Result<()> {
        for (index, (&field, text_field)) in self.fields.texts.iter().zip(&TEXT_FIELDS).enumerate() {
            let terms = phrase.iter().map(|(place, term)| (*place, Term::from_field_text(field, term)));
            let query = PhraseQuery::new_with_offset(terms.collect());
            let weight = query.weight(EnableScoring::disabled_from_searcher(&self.searcher))?;
            for segment in &self.segments {
                let alive = segment.reader.alive_bitset();
                let (_, lengths) = &segment.texts[index];
                weight.for_each_no_score(&segment.reader, &mut |documents| {
                    let alive = |document: &&u32| alive.is_none_or(|alive| alive.is_alive(**document));
                    for &document in documents.iter().filter(alive) {
                        let value = occurrence(text_field, 1, lengths.fieldnorm(document));
                        visit(segment.first_slot + document as usize, index, value);
                    }
                })?;
            }
        }
        Ok(())
    }

    fn spell(&self, slot: usize) -> (SpellId, bool) {
        let (segment, document) = self.document(slot);
        (SpellId(segment.ids.get_val(document)), segment.active.get_val(document))
    }
}
