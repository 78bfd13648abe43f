//! The fields of a spell in the index.

use std::borrow::Cow;

use grimoire_domain::spell::{Spell, SpellStatus, join_tags};
use grimoire_domain::text::composed;
use tantivy::TantivyDocument;
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};

use crate::{pattern, tokenizer};

/// Incremented with every change of the fields, their texts or the tokenizer: an index of another
/// version is rebuilt.
pub(crate) const VERSION: u32 = 5;

/// A searched text of a spell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextField {
    pub(crate) name: &'static str,
    /// The typical number of tokens. A constant instead of the average of all spells, so that a spell's
    /// score does not depend on the lengths of others.
    pub(crate) usual_length: f64,
    /// The text of a spell, as written.
    text: fn(&Spell) -> Cow<'_, str>,
}

impl TextField {
    /// The text of a spell in Unicode's composed form, which queries have, too.
    pub(crate) fn of<'s>(&self, spell: &'s Spell) -> Cow<'s, str> {
        match (self.text)(spell) {
            Cow::Borrowed(text) => composed(text),
            Cow::Owned(text) => composed(&text).into_owned().into(),
        }
    }
}

/// All searched texts.
pub(crate) const TEXT_FIELDS: [TextField; 6] = [
    TextField { name: "title", usual_length: 10.0, text: |spell| (&*spell.fields.title).into() },
    TextField { name: "description", usual_length: 120.0, text: |spell| (&*spell.fields.description).into() },
    TextField { name: "error_type", usual_length: 2.0, text: |spell| (&*spell.fields.error_type).into() },
    TextField {
        name: "error_pattern",
        usual_length: 12.0,
        text: |spell| pattern::literal_parts(&spell.fields.error_pattern).into(),
    },
    TextField {
        name: "solution_code",
        usual_length: 80.0,
        text: |spell| (&*spell.fields.solution_code).into(),
    },
    TextField { name: "tags", usual_length: 4.0, text: |spell| join_tags(&spell.fields.tags).into() },
];

/// The boost of each of [`TEXT_FIELDS`], in their order.
pub(crate) type Boosts = [f64; TEXT_FIELDS.len()];

/// The name of the fast field with the id.
pub(crate) const ID: &str = "id";
/// The name of the fast field that is set for active spells.
pub(crate) const ACTIVE: &str = "active";

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The id, by which spells are deleted.
    pub(crate) id: Field,
    active: Field,
    /// In the order of [`TEXT_FIELDS`].
    pub(crate) texts: [Field; TEXT_FIELDS.len()],
    /// The words of all texts as written, for completions and corrections of typed words.
    pub(crate) dictionary: Field,
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let text = TextFieldIndexing::default()
        .set_tokenizer(tokenizer::TERMS)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let text = TextOptions::default().set_indexing_options(text);
    let dictionary = TextFieldIndexing::default()
        .set_tokenizer(tokenizer::DICTIONARY)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    let dictionary = TextOptions::default().set_indexing_options(dictionary);
    let number = NumericOptions::default().set_fast();
    let mut builder = Schema::builder();
    let id = builder.add_u64_field(ID, number.clone().set_indexed());
    let active = builder.add_bool_field(ACTIVE, number);
    let texts = TEXT_FIELDS.map(|field| builder.add_text_field(field.name, text.clone()));
    let dictionary = builder.add_text_field("dictionary", dictionary);
    (builder.build(), Fields { id, active, texts, dictionary })
}

/// Converts a spell to a document of the index.
pub(crate) fn document(fields: &Fields, spell: &Spell) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_u64(fields.id, spell.id.0);
    document.add_bool(fields.active, is_active(spell));
    for (field, text_field) in fields.texts.into_iter().zip(TEXT_FIELDS) {
        let text = text_field.of(spell);
        document.add_text(fields.dictionary, &text);
        document.add_text(field, text);
    }
    document
}

/// Returns true if a spell may be a candidate.
pub(crate) fn is_active(spell: &Spell) -> bool {
    spell.fields.status == SpellStatus::Active
}
