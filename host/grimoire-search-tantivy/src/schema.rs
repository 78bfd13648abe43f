//! What the index has of a spell.

use std::borrow::Cow;

use grimoire_domain::spell::{Spell, SpellStatus, join_tags};
use tantivy::TantivyDocument;
use tantivy::schema::{Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};

use crate::{pattern, tokenizer};

/// Raised with every change of the fields, of their texts or of the tokenizer: an index of another
/// version is rebuilt.
pub(crate) const VERSION: u32 = 3;

/// A searched text of a spell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextField {
    name: &'static str,
    /// What one occurrence of a term in it is worth.
    pub(crate) boost: f64,
    /// How many tokens it has in a usual spell. A constant instead of the average of all spells, so that
    /// the score of a spell does not depend on the lengths of others.
    pub(crate) usual_length: f64,
    /// The text of a spell.
    pub(crate) text: fn(&Spell) -> Cow<'_, str>,
}

/// Every searched text.
pub(crate) const TEXT_FIELDS: [TextField; 6] = [
    TextField { name: "title", boost: 3.0, usual_length: 10.0, text: |spell| (&*spell.fields.title).into() },
    TextField {
        name: "description",
        boost: 1.0,
        usual_length: 120.0,
        text: |spell| (&*spell.fields.description).into(),
    },
    TextField {
        name: "error_type",
        boost: 3.0,
        usual_length: 2.0,
        text: |spell| (&*spell.fields.error_type).into(),
    },
    TextField {
        name: "error_pattern",
        boost: 3.0,
        usual_length: 12.0,
        text: |spell| pattern::literal_parts(&spell.fields.error_pattern).into(),
    },
    TextField {
        name: "solution_code",
        boost: 1.0,
        usual_length: 80.0,
        text: |spell| (&*spell.fields.solution_code).into(),
    },
    TextField {
        name: "tags",
        boost: 2.0,
        usual_length: 4.0,
        text: |spell| join_tags(&spell.fields.tags).into(),
    },
];

/// The name of the fast field with the id.
pub(crate) const ID: &str = "id";
/// The name of the fast field that says whether the spell is active.
pub(crate) const ACTIVE: &str = "active";

/// The fields of the index.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The id, by which spells are deleted.
    pub(crate) id: Field,
    active: Field,
    /// In the order of [`TEXT_FIELDS`].
    pub(crate) texts: [Field; TEXT_FIELDS.len()],
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let text = TextFieldIndexing::default()
        .set_tokenizer(tokenizer::NAME)
        .set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(text);
    let number = NumericOptions::default().set_fast();
    let mut builder = Schema::builder();
    let id = builder.add_u64_field(ID, number.clone().set_indexed());
    let active = builder.add_bool_field(ACTIVE, number);
    let texts = TEXT_FIELDS.map(|field| builder.add_text_field(field.name, text.clone()));
    (builder.build(), Fields { id, active, texts })
}

/// A spell as the index has it.
pub(crate) fn document(fields: &Fields, spell: &Spell) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    document.add_u64(fields.id, spell.id.0);
    document.add_bool(fields.active, is_active(spell));
    for (field, text_field) in fields.texts.into_iter().zip(TEXT_FIELDS) {
        document.add_text(field, (text_field.text)(spell));
    }
    document
}

/// Whether a spell is offered as a candidate.
pub(crate) fn is_active(spell: &Spell) -> bool {
    spell.fields.status == SpellStatus::Active
}
